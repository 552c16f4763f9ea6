"""Profiles: the databases a person can choose from."""

from todo_cli import settings
from todo_cli.domain.database import ProfileView
from todo_cli.link.patience import Say
from todo_cli.services.session import stored_logins
from todo_cli.settings import Settings


def all_known(known: Settings) -> tuple[ProfileView, ...]:
    """Give every profile, the private database first, then by name."""
    return tuple(_view(known, name) for name in (settings.LOCAL, *sorted(known.profiles)))


def use(known: Settings, name: str) -> ProfileView:
    """Make a profile the default and give it. Raises NotFoundError."""
    settings.use_profile(known.folders, name)
    return _view(known, name).model_copy(update={"default": True})


def remove(known: Settings, name: str, say: Say) -> ProfileView:
    """Forget a profile with its passwords, as `stored_logins.forget`, and give it as it was.

    Raises NotFoundError, ConflictError.
    """
    stored_logins.forget(known, name, say)
    return _view(known, name)


def _view(known: Settings, name: str) -> ProfileView:
    target = known.profiles.get(name)
    return ProfileView(
        name=name,
        default=name == known.default_profile,
        url=None if target is None else str(target.url),
    )
