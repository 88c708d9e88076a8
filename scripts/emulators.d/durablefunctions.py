"""The durable functions that the tests run: the runner cannot be given any over its API."""

import json

from aws_durable_execution_sdk_python import DurableContext, durable_execution
from aws_durable_execution_sdk_python.config import CallbackConfig, Duration
from aws_durable_execution_sdk_python.exceptions import CallbackError, CallbackTimeoutError


@durable_execution
def wait(event, context: DurableContext):
    """Waits once."""
    return json.loads(context.create_callback(name="wait").result())


@durable_execution
def order(event, context: DurableContext):
    """Waits twice, as the OrderProcessor workflow does, and returns both answers. After a CANCEL it waits no more."""

    def answer(name):
        timeout = CallbackConfig(timeout=Duration.from_seconds(event.get(name + "Seconds", 300)))
        try:
            return json.loads(context.create_callback(name=name, config=timeout).result())
        except CallbackTimeoutError:
            return {"error": "timeout"}
        except CallbackError as error:
            # The SDK does not pass on the name of the failure, only its cause.
            return {"error": "failed", "cause": str(error)}

    drink = answer("drink")
    if "error" in drink or drink.get("action") == "CANCEL":
        return {"drink": drink}
    return {"drink": drink, "completion": answer("completion")}


FUNCTIONS = {"wait": wait, "order": order}
