"""The official account's menu (自定义菜单), for `fenxiao menu publish`."""

from bot.commands import Command
from wechat.gateway import MenuButton


def menu_buttons(base_url: str) -> tuple[MenuButton, ...]:
    """Return the menu; `base_url` has no trailing slash."""

    def click(name: str, command: Command) -> MenuButton:
        return MenuButton(name=name, key=command.value)

    def page(name: str, path: str) -> MenuButton:
        return MenuButton(name=name, url=f"{base_url}{path}")

    return (
        MenuButton(
            name="推广赚钱",
            children=(
                click("我的推广码", Command.CODE),
                click("素材中心", Command.MATERIAL),
                click("我的佣金", Command.COMMISSION),
                click("我的业绩", Command.PERFORMANCE),
                click("培训课程", Command.LESSONS),
            ),
        ),
        page("进店选购", "/"),
        MenuButton(
            name="我的",
            children=(
                page("我的订单", "/orders"),
                page("分销中心", "/d/"),
                click("推广订单", Command.ORDERS),
                click("加入我们", Command.JOIN),
                click("使用帮助", Command.HELP),
            ),
        ),
    )
