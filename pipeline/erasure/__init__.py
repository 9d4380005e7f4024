"""What must be named no more: from X's notice to the posts, and out of whatever named them."""

from pipeline.erasure.notices import erasure_of
from pipeline.erasure.redaction import named_ids, redacted
from pipeline.erasure.wanted import Wanted

__all__ = ["Wanted", "erasure_of", "named_ids", "redacted"]
