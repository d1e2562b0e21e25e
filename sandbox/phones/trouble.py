"""The page that a phone's browser shows when the real one can't be had."""

from html import escape

_PAGE = """<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title>
<style>
body{{margin:0;font:15px/1.7 -apple-system,"PingFang SC","Noto Sans CJK SC",sans-serif;
background:#f7f7f7;color:#333;display:flex;min-height:100vh;align-items:center}}
main{{margin:0 auto;padding:0 40px 80px;text-align:center}}
b{{display:block;font-size:56px;line-height:1;color:#c8c8c8;margin-bottom:20px}}
h1{{font-size:17px;margin:0 0 6px;font-weight:600}} p{{margin:0;color:#888;font-size:14px}}
small{{display:block;margin-top:16px;color:#bbb;font-size:11px;word-break:break-all}}
</style></head><body><main><b>!</b><h1>{title}</h1><p>{text}</p><small>{detail}</small></main>
</body></html>"""


def trouble_page(title: str, text: str, detail: str = "") -> bytes:
    """Return a small page in WeChat's manner with one sentence of what is wrong."""
    return _PAGE.format(title=escape(title), text=escape(text), detail=escape(detail)).encode()
