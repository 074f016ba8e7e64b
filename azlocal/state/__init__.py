"""What azlocal remembers: SQLite in WAL mode behind one class, one folder an installation."""

from azlocal.state.folder import StateFolder
from azlocal.state.store import REMEMBERED, Resource, State

__all__ = ["REMEMBERED", "Resource", "State", "StateFolder"]
