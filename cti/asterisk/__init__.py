"""Asterisk as a part of this installation: which one, its configuration, its process."""

from cti.asterisk.binary import AsteriskBinary, AsteriskMissing, find_asterisk, unpacked_folder
from cti.asterisk.configuration import ConfigurationRefused, write_configuration
from cti.asterisk.process import AsteriskFailed, AsteriskProcess

__all__ = [
    "AsteriskBinary",
    "AsteriskFailed",
    "AsteriskMissing",
    "AsteriskProcess",
    "ConfigurationRefused",
    "find_asterisk",
    "unpacked_folder",
    "write_configuration",
]
