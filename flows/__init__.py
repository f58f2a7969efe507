"""The Prefect runner: the only code that imports Prefect.

Prefect reads its settings when it is imported, so the quiet ones are set here, before any module of this package imports it. What
the user has set stands.
"""

import os

_QUIET = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_TELEMETRY_ENABLE_RESOURCE_METRICS": "false",
    "PREFECT_LOGGING_LEVEL": "WARNING",
    "PREFECT_LOGGING_SERVER_LEVEL": "ERROR",
    # 9 to 24 seconds were seen on a busy machine; Prefect's own limit is 20.
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "180",
}
for _name, _value in _QUIET.items():
    os.environ.setdefault(_name, _value)
