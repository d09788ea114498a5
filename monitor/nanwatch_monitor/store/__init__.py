"""The store: everything that outlives the process, behind one door.

No other room knows a table or a statement. What is written here is committed when the call
returns; what is handed out is plain frozen values.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from nanwatch_monitor.store.access import AccessStore
from nanwatch_monitor.store.alerts import AlertStore
from nanwatch_monitor.store.audit import AuditStore
from nanwatch_monitor.store.channels import ChannelStore
from nanwatch_monitor.store.claims import Claims, claims_on
from nanwatch_monitor.store.database import Database
from nanwatch_monitor.store.housekeeping import Housekeeping
from nanwatch_monitor.store.incidents import IncidentStore
from nanwatch_monitor.store.log import BatchLog
from nanwatch_monitor.store.migrate import HEAD, current_revision, migrate
from nanwatch_monitor.store.outbox import OutboxStore
from nanwatch_monitor.store.reminders import Reminders
from nanwatch_monitor.store.retention import RetentionStore
from nanwatch_monitor.store.room_on_disk import try_growing, try_spilling
from nanwatch_monitor.store.runs import RunStore
from nanwatch_monitor.store.series import SeriesStore
from nanwatch_monitor.store.telling import Teller
from nanwatch_monitor.store.tokens import TokenStore
from nanwatch_monitor.store.turns import TurnStore

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Store:
    """The parts of the store on one database."""

    database: Database
    log: BatchLog
    series: SeriesStore
    runs: RunStore
    incidents: IncidentStore
    alerts: AlertStore
    turns: TurnStore
    reminders: Reminders
    outbox: OutboxStore
    channels: ChannelStore
    access: AccessStore
    tokens: TokenStore
    audit: AuditStore
    claims: Claims
    housekeeping: Housekeeping
    retention: RetentionStore

    @classmethod
    def open(cls, url: str, channels: tuple[str, ...] = ()) -> Store:
        """Connect and bring the schema up to date. Raises SetupError.

        Args:
            url: an SQLAlchemy URL.
            channels: those of the environment, see Teller.
        """
        database = Database(url)
        try:
            before = current_revision(database)
            if migrate(database) and before is not None:
                log.warning("the schema of the database was %s and is %s now", before, HEAD)
        except BaseException:
            database.close()
            raise
        teller = Teller(channels)
        return cls(
            database=database,
            log=BatchLog(database),
            series=SeriesStore(database),
            runs=RunStore(database),
            incidents=IncidentStore(database, teller),
            alerts=AlertStore(database),
            turns=TurnStore(database, teller),
            reminders=Reminders(database, teller),
            outbox=OutboxStore(database, teller),
            channels=ChannelStore(database),
            access=AccessStore(database),
            tokens=TokenStore(database),
            audit=AuditStore(database),
            claims=claims_on(database),
            housekeeping=Housekeeping(database),
            retention=RetentionStore(database),
        )

    def trouble(self) -> str | None:
        """None when the database takes something in, else why it does not."""
        try:
            self.access.try_writing()
            self._try_taking_room()
        except DBAPIError as error:
            return f"the database takes nothing in ({type(error.orig).__name__})"
        except SQLAlchemyError as error:
            return f"the database takes nothing in ({type(error).__name__})"
        except OSError as error:
            return f"the disk of the database has no room ({error.strerror})"
        return None

    def _try_taking_room(self) -> None:
        if self.database.file is not None:
            try_growing(self.database.file)
            return
        with self.database.read() as connection:
            try_spilling(connection)

    def close(self) -> None:
        """Close every connection."""
        self.database.close()
