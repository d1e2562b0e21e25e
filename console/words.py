"""What roles, permissions and audited things are called in Chinese."""

from types import MappingProxyType
from typing import Final

from rules.staff import Permission, Role

ROLES: Final = MappingProxyType(
    {
        Role.OWNER: "负责人",
        Role.OPERATIONS: "运营",
        Role.FINANCE: "财务",
        Role.SUPPORT: "客服",
        Role.TRAINER: "培训",
        Role.VIEWER: "只读",
    }
)

PERMISSIONS: Final = MappingProxyType(
    {
        Permission.VIEW_DASHBOARD: "查看概览",
        Permission.VIEW_DISTRIBUTORS: "查看分销商",
        Permission.REVIEW_APPLICATIONS: "审核招募申请",
        Permission.MANAGE_DISTRIBUTORS: "调整等级、暂停、恢复、终止授权",
        Permission.VIEW_CATALOGUE: "查看商品",
        Permission.MANAGE_CATALOGUE: "改价、盘点库存",
        Permission.VIEW_ORDERS: "查看订单",
        Permission.SHIP_ORDERS: "发货",
        Permission.CANCEL_ORDERS: "取消未付款订单",
        Permission.REFUND_ORDERS: "退款",
        Permission.SEE_CUSTOMER_CONTACT: "查看完整手机号和地址",
        Permission.VIEW_COMMISSIONS: "查看佣金",
        Permission.HOLD_COMMISSIONS: "冻结佣金",
        Permission.VIEW_PAYOUTS: "查看提现",
        Permission.APPROVE_PAYOUTS: "审批提现",
        Permission.SEE_PAYOUT_ACCOUNTS: "查看、导出收款人姓名和账号",
        Permission.VIEW_STATEMENTS: "查看、导出结算单",
        Permission.VIEW_RECONCILIATION: "查看、导出对账",
        Permission.SETTLE_RECONCILIATION: "重新对账、关闭差异",
        Permission.VIEW_MATERIALS: "查看素材",
        Permission.MANAGE_MATERIALS: "发布、撤回素材",
        Permission.VIEW_TRAINING: "查看课程",
        Permission.MANAGE_TRAINING: "编辑课程",
        Permission.VIEW_CAMPAIGNS: "查看推送",
        Permission.MANAGE_CAMPAIGNS: "安排推送",
        Permission.VIEW_POLICY: "查看分销政策",
        Permission.PROPOSE_POLICY: "拟定、试算分销政策",
        Permission.MANAGE_POLICY: "发布分销政策",
        Permission.MANAGE_STAFF: "管理员工账号",
        Permission.VIEW_AUDIT: "查看操作日志和账目自检",
        Permission.RUN_AUDIT: "立即运行账目自检",
    }
)
