"""Project commands, as ``viperctl`` runs them: what they are made of and how to call one from code."""

from openviper.management.base import BaseCommand, CommandError
from openviper.management.call import acall_command, call_command

__all__ = ["BaseCommand", "CommandError", "acall_command", "call_command"]
