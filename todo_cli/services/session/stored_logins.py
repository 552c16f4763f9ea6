"""The stored logins: which URL a command connects with, and where its password comes from."""

from todo_cli import credentials, settings
from todo_cli.credentials import Secret, Store
from todo_cli.errors import AuthError, without_tasks
from todo_cli.link.patience import Say
from todo_cli.link.url import ConnectionUrl
from todo_cli.settings import Profile, Settings


def person_url(known: Settings) -> ConnectionUrl | None:
    """Give the URL of the person's own login, with its password; None for the private database.

    Raises AuthError when the password is gone, or only the owner's login is there.
    """
    stored = known.stored if known.environment_url is None else None
    if stored is None:
        return known.database_url
    if stored.url == stored.owner_url:
        raise without_tasks("owner")
    return _with_password(known, stored.store, stored.url, known.profile)


def owner_url(known: Settings) -> ConnectionUrl | None:
    """Give the URL of the database's owner, with its password; None where there is none.

    Raises AuthError when the password is gone.
    """
    if known.admin_url is not None:
        return known.admin_url
    stored = known.stored if known.environment_url is None else None
    if stored is None or stored.owner_url is None:
        return None
    return _with_password(known, stored.owner_store, stored.owner_url, owner_name(known.profile))


def store_in_use(known: Settings) -> str:
    """Tell where the password of the person's login is: keyring, file, environment or none."""
    if known.environment_url is not None:
        return "environment"
    stored = known.stored
    return "none" if stored is None or stored.store is None else stored.store


def keep(
    known: Settings,
    name: str,
    store: Store,
    own: ConnectionUrl,
    owner: ConnectionUrl | None,
    say: Say,
) -> None:
    """Keep a login, and perhaps the owner's, as a profile, which becomes the default.

    The URLs go into the config file, their passwords into the store. A password that these replace
    is deleted; ``say`` is told where that fails. Raises AuthError, UsageError.
    """
    profile = Profile(
        own.without_password(),
        _save(known, store, name, own),
        None if owner is None else owner.without_password(),
        None if owner is None else _save(known, store, owner_name(name), owner),
    )
    settings.save_profile(known.folders, name, profile)
    before = known.profiles.get(name)
    _delete(known, _places(name, before) - _places(name, profile), say)


def forget(known: Settings, name: str, say: Say) -> None:
    """Forget a profile with its passwords; ``say`` is told which may still be kept.

    Raises NotFoundError, ConflictError.
    """
    profile = known.profiles.get(name)
    settings.remove_profile(known.folders, name)
    _delete(known, _places(name, profile), say)


def owner_name(profile: str) -> str:
    """Give the name under which the password of a profile's owner URL is kept."""
    return f"{profile}:owner"


def _places(name: str, profile: Profile | None) -> set[tuple[str, Store]]:
    """Give the names under which a profile's passwords are kept, each with its store."""
    if profile is None:
        return set()
    places = ((name, profile.store), (owner_name(name), profile.owner_store))
    return {(place, Store(store)) for place, store in places if store is not None}


def _delete(known: Settings, places: set[tuple[str, Store]], say: Say) -> None:
    """Delete passwords. Where a store has gone nobody could ever be logged out: that is said."""
    for place, store in sorted(places):
        try:
            credentials.forget(store, known.folders.config, place)
        except AuthError as error:
            say(f"warning: the {store} may still hold a password, as {place}: {error.message}")


def _save(known: Settings, store: Store, name: str, target: ConnectionUrl) -> str | None:
    """Keep the password of a URL, and tell where; None for one without."""
    password = target.reveal_password()
    if password is None:
        return None
    credentials.save(store, known.folders.config, name, Secret(password))
    return store.value


def _with_password(
    known: Settings, store: str | None, target: ConnectionUrl, name: str
) -> ConnectionUrl:
    if store is None:
        return target
    secret = credentials.load(Store(store), known.folders.config, name)
    if secret is None:
        raise AuthError(
            f"the password for {known.profile} is not in the {store} any more",
            f"run: todo login --profile {known.profile}",
        )
    return target.with_login(target.user, secret.reveal())
