"""Tests of the bot: real encryption, real database, a gateway that is written down."""
