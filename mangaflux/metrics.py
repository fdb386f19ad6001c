"""What the server counts and measures, for Prometheus: one registry per process, safe from any thread."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

REGISTRY = CollectorRegistry()

#: Upper bounds in seconds for what takes milliseconds: transactions, the event loop.
_SHORT = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
#: Upper bounds in seconds for stages and steps of a page.
_PAGE = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
#: Upper bounds in seconds for waiting in the queue.
_WAIT = (0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 4 * 3600, 24 * 3600)

QUEUE_DEPTH = Gauge(
    "mangaflux_queue_depth", "Pages in the queue, by pass and status", ["pass", "status"], registry=REGISTRY
)
QUEUE_WAIT = Histogram(
    "mangaflux_queue_wait_seconds",
    "Seconds from the submission of a job to the first attempt at a page",
    ["pass"],
    registry=REGISTRY,
    buckets=_WAIT,
)
STAGE_SECONDS = Histogram(
    "mangaflux_page_stage_seconds",
    "Seconds that a stage of a page took",
    ["pass", "stage"],
    registry=REGISTRY,
    buckets=_PAGE,
)
PAGES = Counter(
    "mangaflux_pages", "Attempts at a page that ended, by pass and how", ["pass", "outcome"], registry=REGISTRY
)
#: Steps a second are the rate of its count.
STEP_SECONDS = Histogram(
    "mangaflux_step_seconds", "Seconds of one denoising step", ["engine"], registry=REGISTRY, buckets=_PAGE
)
LOOP_LAG = Histogram(
    "mangaflux_event_loop_lag_seconds",
    "By how many seconds the event loop woke up late",
    registry=REGISTRY,
    buckets=_SHORT,
)
DEVICE_PEAK_BYTES = Gauge(
    "mangaflux_device_memory_peak_bytes", "Most device memory that the latest page took", registry=REGISTRY
)
OUT_OF_MEMORY = Counter("mangaflux_device_out_of_memory", "How often the device ran out of memory", registry=REGISTRY)
SSE_CLIENTS = Gauge("mangaflux_sse_clients", "Event streams that are open", registry=REGISTRY)
TRANSACTION_SECONDS = Histogram(
    "mangaflux_database_transaction_seconds",
    "Seconds from the begin of a transaction to its commit",
    registry=REGISTRY,
    buckets=_SHORT,
)
REQUESTS = Counter(
    "mangaflux_http_requests", "Answers, by method, route and status", ["method", "route", "status"], registry=REGISTRY
)
FREE_DISK_BYTES = Gauge("mangaflux_disk_free_bytes", "Free bytes where the data folder is", registry=REGISTRY)
READY = Gauge("mangaflux_ready", "1 where the server can take work", registry=REGISTRY)
