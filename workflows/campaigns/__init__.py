"""Push plans (推送计划): scheduled and stopped by staff, started by the clock."""
