"""AWS's own local runner of durable functions on 127.0.0.1, which answers callers as Lambda does.

Arguments: the port (0: any free one) and the file that gets the port once the server listens. The
functions that it runs are in durablefunctions.py. What differs from Lambda, and is corrected here:

- an error's type is only in the body: Lambda's is also in the header that SDKs take it from;
- an execution is started at an address of the runner's own: Lambda has Invoke;
- several executions can have one name, and a callback of an execution that has ended is still accepted.

Written for the version in durable-requirements.txt: it reaches into the runner's internals.
"""

import logging
import os
import re
import sys
import threading
import urllib.parse

for name in [name for name in os.environ if name.startswith("AWS_")]:
    del os.environ[name]
os.environ["AWS_DEFAULT_REGION"] = REGION = "us-east-1"

from aws_durable_execution_sdk_python_testing import DurableFunctionTestRunner
from aws_durable_execution_sdk_python_testing.exceptions import (
    ExecutionAlreadyStartedException,
    IllegalStateException,
    ResourceNotFoundException,
)
from aws_durable_execution_sdk_python_testing.executor import Executor
from aws_durable_execution_sdk_python_testing.model import StartDurableExecutionInput
from aws_durable_execution_sdk_python_testing.token import CallbackToken
from aws_durable_execution_sdk_python_testing.web.models import HTTPResponse
from aws_durable_execution_sdk_python_testing.web.server import RequestHandler, WebServer, WebServiceConfig

import durablefunctions

ACCOUNT = "123456789012"
_names = threading.Lock()
_named = {}  # function and name -> payload and ARN of the execution

INVOKE = re.compile(r"/2015-03-31/functions/([^/]+)/invocations")


class Callbacks(Executor):
    def open(self, callback_id):
        execution = self.get_execution(CallbackToken.from_str(callback_id).execution_arn)
        if execution.is_complete:
            raise IllegalStateException("the execution has ended")

    def _complete_callback_success(self, callback_id, result):
        self.open(callback_id)
        super()._complete_callback_success(callback_id, result)

    def _complete_callback_failure(self, callback_id, error):
        self.open(callback_id)
        super()._complete_callback_failure(callback_id, error)


class Handler(RequestHandler):
    def _send_response(self, response):
        if response.status_code >= 400 and "Type" in response.body:
            response.headers["X-Amzn-ErrorType"] = response.body["Type"]
        super()._send_response(response)

    def do_POST(self):  # noqa: N802
        call = INVOKE.fullmatch(urllib.parse.urlsplit(self.path).path)
        if not call:
            return super().do_POST()
        try:
            self._send_response(self.invoke(urllib.parse.unquote(call[1])))
        except ResourceNotFoundException as error:
            self._send_response(HTTPResponse.create_error_from_exception(error))

    def invoke(self, function):
        """An Invoke of the type Event, which is the one that starts an execution and does not wait for its end."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        function, _, qualifier = function.partition(":")
        if function not in durablefunctions.FUNCTIONS:
            raise ResourceNotFoundException(f"Function not found: {function}")
        name = self.headers["X-Amz-Durable-Execution-Name"]
        with _names:
            payload, arn = _named.setdefault((function, name), (body, None))
            if payload != body:
                error = ExecutionAlreadyStartedException(f"{name} was started with another payload", arn)
                response = HTTPResponse.create_error_from_exception(error)
                # The body of this error has no type at all.
                response.headers["X-Amzn-ErrorType"] = "DurableExecutionAlreadyStartedException"
                return response
            if arn is None:
                arn = self.executor.start_execution(
                    StartDurableExecutionInput(
                        account_id=ACCOUNT,
                        function_name=function,
                        function_qualifier=qualifier or "$LATEST",
                        execution_name=name,
                        execution_timeout_seconds=3600,
                        execution_retention_period_days=1,
                        input=body,
                    )
                ).execution_arn
                _named[function, name] = body, arn
        return HTTPResponse.create_empty(202, {"X-Amz-Durable-Execution-Arn": arn})


def main(port, port_file):
    runner = DurableFunctionTestRunner(None, skip_time=False, region=REGION)
    for name, function in durablefunctions.FUNCTIONS.items():
        runner.register_durable_function(name, function)
    runner._executor.__class__ = Callbacks
    # One line per request otherwise, and a task token in some.
    server = WebServer(WebServiceConfig("127.0.0.1", int(port), logging.ERROR), runner._executor)
    server.RequestHandlerClass = Handler
    with open(port_file + ".new", "w") as file:
        print(server.server_port, file=file)
    os.replace(port_file + ".new", port_file)
    server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
