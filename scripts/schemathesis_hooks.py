"""How schemathesis writes the bodies that it does not know: as the text that they are."""

import schemathesis


@schemathesis.serializer("application/x-signed-yaml")
def signed(context, value):
    return value.encode("utf-8", "replace") if isinstance(value, str) else str(value).encode()
