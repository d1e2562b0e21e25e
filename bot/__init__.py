"""The face of the distributors: the official account's messages and events.

`bot.callback` holds the views, which puts them on its blueprint; `bot.handlers` has one file per
kind of event, `bot.answers` one per thing that a person can ask for.
"""
