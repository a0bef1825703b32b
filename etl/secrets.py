"""Passwords never reach a message: they are taken out by where they stand in an address."""

import re
from urllib.parse import unquote

HIDDEN = "***"
SHORTEST_SECRET = 3

_OPTIONS = "password", "oauth_client_secret", "scram_client_key", "scram_server_key"
"""Of libpq's, with what ends in one of them."""


def _spelled(word: str) -> str:
    """A pattern of the word with any of its letters in percent-encoding, which an address may have."""
    return "".join(f"(?:{c}|%{ord(c):x}|%{ord(c.upper()):x})" for c in word)


_OTHERS = (
    "host|hostaddr|port|dbname|user|options|application_name|client_encoding|connect_timeout|passfile|service|"
    "channel_binding|target_session_attrs|keepalives\\w*|tcp_user_timeout|gss\\w+|krb\\w+|ssl(?!password)\\w*"
)
"""Of libpq's parameters, those that may follow a password's in an address; another name is a piece of a password."""

_OPTION = rf"(?:{'|'.join(map(_spelled, _OPTIONS))})(?:\s*{_spelled('=')}\s*|\\*['\"]\s*:\s*)"
_IN_QUOTES = r"\\*'(?:[^'\\]|\\+.)*(?:'|$)|" + r'\\*"(?:[^"\\]|\\+.)*(?:"|$)'
_VALUE = rf"(?:{_IN_QUOTES}|(?:[^&'\";)\n]|&(?!(?:{_OTHERS})=))+[^\s&'\"]*|[^\s&'\"]+)"
_NO_PORT = r"(?!\d*(?:[\s/?#'\"]|$))"
_IN_ADDRESS = re.compile(rf"(:/+(?:[^\s:/@]*:|[^\s:/]*:{_NO_PORT})).*@")
_WITHOUT_HOST = re.compile(rf"(:/+[^\s:/@\[]*:){_NO_PORT}[^\s/?#'\"@]+")
_WITHOUT_SCHEME = re.compile(r"((?:^|[\s'\"]|\w:)[^\s:/@'\"*]+:)(?!/)[^\s@'\"]{1,500}@(?=[\w\[])")
_ENCODED = re.compile(r"((?::|%3a)(?:/|%2f)+(?:(?!%3a)[^\s:])*(?::|%3a))\S{0,2000}(?:@|%40)", re.IGNORECASE)
_IN_OPTION = re.compile(f"({_OPTION}){_VALUE}", re.IGNORECASE)
"""Passwords may hold blanks: what stands between two addresses of a line goes with them.

One slash is enough: an address given where a path belongs is told as a path, which has no two.
"""


def without_passwords(message: str, url: str = "") -> str:
    """The message without the password of any address in it, and without that of `url`, whole or in pieces.

    A driver that takes an address apart at a wrong place, at an @ or a comma in a password, shows pieces of it.
    """
    address = re.match(r"[^:]*://[^:]*:(.*)@", url, re.DOTALL)
    hostless = re.match(r"[^:]*://[^:/@\[]*:(?!\d*(?:[/?#]|$))([^/?#@]*)(?:[/?#]|$)", url)
    found = [match[1] for match in (address, hostless) if match and match[1]]
    passwords = [*found, *re.findall(f"{_OPTION}((?:[^&]|&(?!(?:{_OTHERS})=))*)", url, re.IGNORECASE)]
    passwords += [unquote(password) for password in passwords]
    secrets = {piece for password in passwords for piece in (password, *re.split(r"[@/:?#&]|\W+", password))}
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= SHORTEST_SECRET:
            message = message.replace(secret, HIDDEN)
    for pattern in (_IN_ADDRESS, _ENCODED, _WITHOUT_SCHEME):
        message = pattern.sub(rf"\1{HIDDEN}@", message)
    return _IN_OPTION.sub(rf"\1{HIDDEN}", _WITHOUT_HOST.sub(rf"\1{HIDDEN}", message))
