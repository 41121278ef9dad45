"""Creates an S3 bucket: obstore signs the PUT request, and this module sends it."""

from datetime import timedelta
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import obstore
from obstore.store import S3Store

from plumbline.store.errors import BucketMissing, CredentialsRefused, Unreachable
from plumbline.store.location import Location

_BODY = (
    '<CreateBucketConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
    "<LocationConstraint>{region}</LocationConstraint></CreateBucketConfiguration>"
)


def create_bucket(location: Location, client: S3Store) -> None:
    """Create the bucket; it may already exist."""
    url = obstore.sign(client, "PUT", "", timedelta(minutes=5))
    body = "" if location.region == "us-east-1" else _BODY.format(region=location.region)
    request = Request(url, data=body.encode(), method="PUT")  # noqa: S310 (signed by us)
    try:
        urlopen(request, timeout=30).close()  # noqa: S310
    except HTTPError as error:
        error.close()
        _judge(error.code, location)
    except (URLError, TimeoutError) as error:
        raise Unreachable(f"Cannot create bucket {location}: cannot connect.") from error


def _judge(code: int, location: Location) -> None:
    if code == 409:
        return
    if code in {401, 403}:
        raise CredentialsRefused(
            f"Cannot create bucket {location}: access denied. Create the bucket by hand, or allow "
            "these credentials to create it."
        )
    raise BucketMissing(f"Cannot create bucket {location}: HTTP status {code}. Create it by hand.")
