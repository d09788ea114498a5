"""The application: the only place where the parts of the server meet."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence

from fastapi import FastAPI

from nanwatch import __version__
from nanwatch.lasting_watcher import LastingWatcher
from nanwatch_monitor import problems
from nanwatch_monitor.activity import Activity
from nanwatch_monitor.alerts.alerting import Alerting
from nanwatch_monitor.alerts.channels import Channels, Reach, refuse_unusable
from nanwatch_monitor.alerts.delivery import Delivery
from nanwatch_monitor.alerts.heartbeat import Heartbeat
from nanwatch_monitor.alerts.settings import ChannelSettings
from nanwatch_monitor.alerts.upkeep import Upkeep
from nanwatch_monitor.announce import Announcer, Pages
from nanwatch_monitor.api import (
    about,
    alerts,
    audit,
    catalogue,
    channels,
    health,
    incidents,
    ingest,
    live,
    login,
    metrics,
    mutes,
    pages,
    report,
    retention,
    runs,
    series,
    sparklines,
    tokens,
)
from nanwatch_monitor.doorkeeper import Doorkeeper
from nanwatch_monitor.incidents import Incident
from nanwatch_monitor.ingest import Ingest
from nanwatch_monitor.intake import Intake
from nanwatch_monitor.keeper import Keeper
from nanwatch_monitor.keys import Keys
from nanwatch_monitor.live import Hub
from nanwatch_monitor.metrics import Gauges, Metrics
from nanwatch_monitor.monitor import Monitor
from nanwatch_monitor.peers import Peers
from nanwatch_monitor.postbag import Postbag
from nanwatch_monitor.run_news import RunNews
from nanwatch_monitor.run_states import Deafness
from nanwatch_monitor.security import Guard, Limits, host_names
from nanwatch_monitor.series.frame_cache import FrameCache
from nanwatch_monitor.series.reader import SeriesReader
from nanwatch_monitor.series.thinner import thinning_of
from nanwatch_monitor.settings import ServerSettings
from nanwatch_monitor.store import Store
from nanwatch_monitor.store.notices import MAX_WORDS
from nanwatch_monitor.trail import Trail
from nanwatch_monitor.views import RunViews
from nanwatch_monitor.watch import Watch


def create_app(settings: ServerSettings, clock: Callable[[], float] = time.time) -> FastAPI:
    """The server as an ASGI application; its running parts are `app.state.monitor`.

    Args:
        clock: seconds since 1970; tests pass their own.

    Raises:
        SetupError: the data folder, the database or a channel cannot be used.
    """
    refuse_unusable(settings.fixed_channels, _reach(settings))
    monitor = _monitor(settings, clock)
    app = FastAPI(
        title="nanwatch",
        version=__version__,
        docs_url=None,  # its page would load scripts from elsewhere
        redoc_url=None,
        openapi_url="/api/v1/openapi.json",
        lifespan=monitor.lifespan,
    )
    app.state.monitor = monitor
    limits = Limits(settings.requests_per_s)
    app.add_middleware(Trail, record=monitor.store.audit.record, clock=clock)
    app.add_middleware(  # in front of all others: what is added last is asked first
        Guard,
        keys=monitor.keys,
        limits=limits,
        names=host_names(settings.host, settings.public_url, settings.allowed_hosts),
        used=monitor.activity.touch,
        refused=monitor.metrics.refused,
    )
    problems.install(app)
    _add_routes(app, monitor, limits, settings, clock)
    return app


def _monitor(settings: ServerSettings, clock: Callable[[], float]) -> Monitor:
    store = _open_store(settings)
    now = clock()
    heard = store.runs.last_seen_at()
    views = RunViews(store, Deafness(begin=min(now, heard or now), end=now))
    hub = Hub()
    keys = Keys(_tokens(settings), store.tokens, store.access, clock)
    pages = Pages(hub, RunNews(store, views, hub, clock))
    instance = secrets.token_hex(8)
    postbag = None if store.database.is_sqlite else Postbag(instance, MAX_WORDS)
    announcer = Announcer(pages, postbag)
    cache = FrameCache()
    alerting = _alerting(settings, views, announcer, cache, clock)

    def opened(incidents: Sequence[Incident]) -> None:
        alerting.delivery.wake()
        announcer.incidents(incidents)

    watch = Watch(store, LastingWatcher, opened, clock, cache)
    followers = (cache.committed, watch.committed, announcer.frames)
    return Monitor(
        instance=instance,
        store=store,
        views=views,
        hub=hub,
        news=pages.news,
        announcer=announcer,
        intake=Intake(store.log, followers, clock),
        cache=cache,
        watch=watch,
        alerting=alerting,
        peers=Peers(instance, store, watch, pages, postbag) if postbag else None,
        activity=Activity(),
        metrics=Metrics(),
        keys=keys,
        doorkeeper=Doorkeeper(keys, hub),
        keeper=Keeper(store, thinning_of(store), announcer.deleted, clock),
    )


def _open_store(settings: ServerSettings) -> Store:
    if settings.database_url is None:
        settings.home.prepare()
    fixed = tuple(channel.id for channel in settings.fixed_channels)
    return Store.open(settings.effective_database_url, fixed)


def _alerting(
    settings: ServerSettings,
    views: RunViews,
    announcer: Announcer,
    cache: FrameCache,
    clock: Callable[[], float],
) -> Alerting:
    store = views.store

    def changed(ids: Sequence[int]) -> None:
        announcer.alerts(store.incidents.some(ids))

    def troubled(channel: ChannelSettings) -> None:
        announcer.channel(channel.id)

    ways = Channels(store.channels, settings.fixed_channels, _reach(settings))
    return Alerting(
        channels=ways,
        delivery=Delivery(store.outbox, ways, changed, troubled, clock),
        upkeep=Upkeep(views, SeriesReader(store.series, cache), changed, clock),
        heartbeat=Heartbeat(settings.heartbeat_url, settings.webhook_allow, clock),
    )


def _reach(settings: ServerSettings) -> Reach:
    return Reach(settings.url, settings.webhook_allow, settings.smtp)


def _tokens(settings: ServerSettings) -> tuple[str, ...]:
    """The tokens that open the door; a server that is given its own needs no home folder."""
    if not settings.auth:
        return ()
    if settings.token is not None and settings.database_url is not None:
        return (settings.token,)
    given = (settings.token,) if settings.token else ()
    return (settings.home.token(), *given)


def _add_routes(
    app: FastAPI,
    monitor: Monitor,
    limits: Limits,
    settings: ServerSettings,
    clock: Callable[[], float],
) -> None:
    store = monitor.store
    reader = SeriesReader(store.series, monitor.cache)
    taking = Ingest(monitor.intake, monitor.metrics)
    gauges = Gauges(monitor.views, monitor.watch, monitor.intake, monitor.hub, clock)
    monitor.metrics.registry.register(gauges)
    for routes in (
        health.router(monitor.trouble, store.database.kind, monitor.instance, clock),
        metrics.router(monitor.metrics.registry),
        ingest.router(taking),
        runs.router(store, monitor.views, monitor.announcer, clock),
        series.router(store, reader),
        sparklines.router(reader),
        report.router(store, monitor.views, reader, clock),
        incidents.router(store),
        alerts.router(store.alerts, monitor.announcer.alerts, clock),
        mutes.router(store, monitor.announcer.alerts, clock),
        channels.router(store.channels, monitor.alerting, monitor.announcer.channel, clock),
        catalogue.router(),
        live.router(monitor.hub),
        login.router(monitor.keys, limits, store, clock, settings.url),
        tokens.router(store.tokens, monitor.keys.forget, clock),
        audit.router(store.audit),
        retention.router(store.retention),
        about.router(store, settings.auth, clock()),
        pages.router(),
    ):
        app.include_router(routes)
