"""What runs apprise: one message in JSON on the standard input, 0 as exit code when it went out."""

from __future__ import annotations

import json
import sys


def main() -> int:
    """Send; the exit code."""
    from apprise import Apprise, AppriseAsset, NotifyFormat

    told = json.load(sys.stdin)
    asset = AppriseAsset(app_id="nanwatch", secure_logging=True, http_redirects=0)
    service = Apprise(asset=asset)
    if not service.add(told["url"]):
        return 2
    went_out = service.notify(body=told["body"], title=told["title"], body_format=NotifyFormat.TEXT)
    return 0 if went_out else 1  # it answers None where nothing was sent


if __name__ == "__main__":
    sys.exit(main())
