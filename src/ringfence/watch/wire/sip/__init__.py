"""SIP messages: what the policy needs of them, and what is wrong with them. No content (RFC 3261; tested with RFC 4475)."""

from ringfence.watch.wire.sip.message import Authorization, Defect, Message, Uri, Via
from ringfence.watch.wire.sip.parser import parse
from ringfence.watch.wire.sip.stream import StreamSplitter, starts_like_sip

__all__ = ["Authorization", "Defect", "Message", "StreamSplitter", "Uri", "Via", "parse", "starts_like_sip"]
