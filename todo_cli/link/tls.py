"""What may cross a network: which TLS a connection gets, and what a pooler is never sent.

libpq puts a connection together from the URL, then a service file, then the environment. This
looks at all three as libpq will, and adds what is missing, so that each keeps its meaning.
"""

import os
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from todo_cli.errors import UsageError
from todo_cli.link.url import ConnectionUrl, Parameters, has_pooler

_STRONG: Final = ("require", "verify-ca", "verify-full")
_PLAIN: Final = ("disable", "allow", "prefer")

# "PostgreSQL: Environment Variables", those that matter here.
_ENVIRONMENT: Final = {
    "service": "PGSERVICE",
    "host": "PGHOST",
    "hostaddr": "PGHOSTADDR",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "gssencmode": "PGGSSENCMODE",
}
_SYSTEM_SERVICES: Final = "/etc/postgresql-common"  # built into the libpq of psycopg2-binary


def secured(url: ConnectionUrl) -> Parameters:
    """Give what libpq is told to connect to ``url``.

    To this machine TLS is what libpq makes it. To any other the server has to prove its name by a
    certificate (verify-full, with the public CAs that certifi has), unless URL, service file,
    environment or ~/.postgresql/root.crt say otherwise; TLS it is always. Raises UsageError for
    what would leave this machine in plain text, and for ``options`` to a pooler of Neon's.
    """
    given = url.parameters
    environment = {
        key: os.environ[name] for key, name in _ENVIRONMENT.items() if name in os.environ
    }
    name = given.get("service", environment.get("service"))
    service = {} if name is None else _service(name)
    known = environment | (service or {}) | given

    added = {}
    if has_pooler(known.get("host", "")):
        if known.get("options"):
            raise UsageError(
                "the connection pooler takes no options= in a URL",
                "take options= out, or use the direct host: the one without -pooler",
            )
        added["options"] = ""  # stands before PGOPTIONS
    if service is None or not _on_this_machine(known):
        added |= _protection(known)
    return Parameters(given | added)


def _protection(known: dict[str, str]) -> dict[str, str]:
    mode = known.get("sslmode") or "verify-full"
    if mode in _PLAIN:
        raise UsageError(
            f"with sslmode={mode} the password and the tasks could cross the network readable",
            "put sslmode=require into the URL; it wins over PGSSLMODE and service files",
        )
    if mode not in _STRONG:
        raise UsageError("there is no such sslmode", f"one of {', '.join(_STRONG)}")
    added = {"sslmode": mode}
    own_roots = known.get("sslrootcert") or Path("~/.postgresql/root.crt").expanduser().exists()
    if mode.startswith("verify-") and not own_roots:
        import certifi

        added["sslrootcert"] = certifi.where()
    if "gssencmode" not in known:
        added["gssencmode"] = "disable"  # libpq would take Kerberos in place of TLS
    return added


def _on_this_machine(known: dict[str, str]) -> bool:
    """Tell whether every server that libpq may try is here.

    ``hostaddr`` is where it connects and ``host`` the name it expects there: someone who names
    both and means this machine says so in both. No host at all is a socket here.
    """
    named = f"{known.get('host', '')},{known.get('hostaddr', '')}".split(",")
    return all(map(_is_here, filter(None, named)))


def _is_here(host: str) -> bool:
    if host.startswith(("/", "@")) or host.lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _service(name: str) -> dict[str, str] | None:
    """Give what a service file says, read as libpq does ("The Connection Service File").

    None where that is not known for certain: nothing says then that its server is here.
    """
    own = os.environ.get("PGSERVICEFILE", os.path.expanduser("~/.pg_service.conf"))  # noqa: PTH111
    system = os.environ.get("PGSYSCONFDIR", _SYSTEM_SERVICES)
    for file in (own, f"{system}/pg_service.conf"):
        try:
            lines = Path(file).read_text("utf-8").split("\n")
        except (OSError, ValueError):
            continue
        found = _section(name, lines)
        if found:
            return None if any(line.startswith("ldap") for line in found) else _values(found)
    return None


def _section(name: str, lines: list[str]) -> list[str]:
    """Give the lines of the first section of this name, that with the name among them."""
    found: list[str] = []
    for line in map(str.strip, lines):
        if line.startswith("["):
            if found:
                break
            found = [line] if line.startswith(f"[{name}]") else []
        elif found and line and not line.startswith("#"):
            found.append(line)
    return found


def _values(section: list[str]) -> dict[str, str]:
    pairs = [line.partition("=") for line in section[1:]]
    return {key: value for key, _, value in reversed(pairs)}  # of two, the first counts
