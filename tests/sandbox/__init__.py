"""The sandbox is as strict as WeChat, and it can be trusted to play it."""
