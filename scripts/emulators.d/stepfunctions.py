"""A moto server on 127.0.0.1 whose Step Functions answers callers as AWS does.

Arguments: the port (0: any free one) and the file that gets the port once the server listens.
Each function that replaces one of moto's says what moto does differently. Written for the moto
version in requirements.txt: it reaches into moto's internals.
"""

import base64
import copy
import json
import logging
import os
import sys
import threading
import time
import uuid

# Executions call their tasks' services with boto3 on this server: never through a proxy, nor with
# the caller's profile or certificates.
for name in [name for name in os.environ if name.startswith("AWS_")]:
    del os.environ[name]
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "localhost,127.0.0.1"

from moto.core.config import default_user_config
from moto.core.responses import ActionResult, EmptyResult
from moto.dynamodb.exceptions import KeyIsEmptyStringException
from moto.dynamodb.responses import DynamoHandler
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.stepfunctions.exceptions import AWSError, ValidationException
from moto.stepfunctions.models import StateMachine
from moto.stepfunctions.parser.api import ExecutionStatus, InvalidOutput, InvalidToken, TaskDoesNotExist, TaskTimedOut
from moto.stepfunctions.parser.asl.component.common.timeouts.timeout import Timeout, TimeoutSeconds
from moto.stepfunctions.parser.asl.component.state.exec.execute_state import ExecutionState
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.resource import ResourceCondition
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_aws_sdk import (
    StateTaskServiceAwsSdk,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_callback import (
    StateTaskServiceCallback,
)
from moto.stepfunctions.parser.asl.eval import states
from moto.stepfunctions.parser.asl.eval.callback.callback import (
    CallbackConsumerTimeout,
    CallbackOutcomeFailure,
    CallbackOutcomeSuccess,
)
from moto.stepfunctions.parser.backend.execution import BaseExecutionWorkerCommunication, Execution
from moto.stepfunctions.parser.models import StepFunctionsParserBackend
from moto.stepfunctions.responses import StepFunctionResponse
from werkzeug.serving import make_server

# --- Task tokens -------------------------------------------------------------------------

# moto searches the running executions for a token, accepts it any number of times, and forgets it
# with its execution. Here every issued token is kept, and one lock decides between an answer, the
# time-out, and a second answer.
_lock = threading.Lock()
_waits = {}  # token -> (callback endpoint, the environment that its state runs in)

_TOKEN_PREFIX = bytes.fromhex("0000002a00000002")
_TOKEN_BYTES = 513  # 684 characters, the length of AWS's tokens

# The wait must expire before the state does (which does not take the lock), or an answer could be
# accepted and the state still time out.
_EARLY_SECONDS = 0.2


def new_token():
    return base64.b64encode(_TOKEN_PREFIX + os.urandom(_TOKEN_BYTES - len(_TOKEN_PREFIX))).decode()


def well_formed(token):
    try:
        raw = base64.b64decode(token, validate=True)
    except ValueError:
        return False
    return len(raw) == _TOKEN_BYTES and raw.startswith(_TOKEN_PREFIX)


def open_wait(token):
    """The endpoint that waits on the token; call with the lock held."""
    if not 1 <= len(token) <= 2048:
        raise ValidationException("taskToken must have 1 to 2048 characters")
    if token not in _waits:
        if well_formed(token):
            raise TaskDoesNotExist("Task Does Not Exist: 'Provided task does not exist'")
        raise InvalidToken()
    endpoint, env = _waits[token]
    if endpoint.get_outcome() or endpoint.consumer_error or not env.is_running():
        raise TaskTimedOut("Task Timed Out: 'Provided task does not exist anymore'")
    return endpoint


def close_wait(endpoint):
    """The answer that came in time, if any; from now on none is accepted."""
    with _lock:
        if endpoint.get_outcome() is None:
            endpoint.report(CallbackConsumerTimeout())
        return endpoint.get_outcome()


def send_task_success(self, task_token, output):
    if len(output.encode()) > 262144:
        raise ValidationException("output must have at most 262144 bytes")
    try:
        json.loads(output)
    except ValueError as error:
        raise InvalidOutput(f"Invalid Output: '{error}'") from None
    with _lock:
        open_wait(task_token).notify(CallbackOutcomeSuccess(task_token, output))


def send_task_failure(self, task_token, error=None, cause=None):
    with _lock:
        open_wait(task_token).notify(CallbackOutcomeFailure(task_token, error, cause))


def send_task_heartbeat(self, task_token):
    with _lock:
        open_wait(task_token).notify_heartbeat()


def respond_send_task_failure(self):
    # moto drops the cause.
    self.stepfunction_backend.send_task_failure(
        self._get_param("taskToken"), self._get_param("error"), self._get_param("cause")
    )
    return EmptyResult()


_evaluate_with_timeout = StateTaskServiceCallback._evaluate_with_timeout
_wait_heartbeat = StateTaskServiceCallback._wait_for_task_token_heartbeat


def evaluate_attempt(self, env):
    # moto gives every attempt of a retried state the first attempt's token.
    if self.resource.condition != ResourceCondition.WaitForTaskToken:
        return _evaluate_with_timeout(self, env)
    token = env.states.context_object.update_task_token()
    endpoint = env.callback_pool_manager.add(token)
    endpoint.started = time.monotonic()
    with _lock:
        _waits[token] = endpoint, env
    try:
        return _evaluate_with_timeout(self, env)
    finally:
        close_wait(endpoint)


def wait_timeout(self, timeout_seconds, callback_endpoint):
    left = callback_endpoint.started + timeout_seconds - _EARLY_SECONDS - time.monotonic()
    callback_endpoint.wait(timeout=max(left, 0))
    return close_wait(callback_endpoint)


def wait_heartbeat(self, env, callback_endpoint, heartbeat_endpoint):
    # moto misses an answer that comes before it listens for heartbeats.
    outcome = callback_endpoint.get_outcome() or _wait_heartbeat(self, env, callback_endpoint, heartbeat_endpoint)
    return close_wait(callback_endpoint) or outcome


_from_state_props = ExecutionState.from_state_props


def from_state_props(self, state_props):
    # moto ends a state with a heartbeat but no time-out after a minute; AWS does not.
    _from_state_props(self, state_props)
    if self.heartbeat and state_props.get(Timeout) is None:
        self.timeout = TimeoutSeconds(TimeoutSeconds.DEFAULT_TIMEOUT_SECONDS)


# --- Executions --------------------------------------------------------------------------

_start_execution = StepFunctionsParserBackend.start_execution
_start_lock = threading.Lock()


def start_execution(self, state_machine_arn, name=None, execution_input=None, trace_header=None):
    # moto calls every nameless execution "None", and does not serialise two starts with one name.
    with _start_lock:
        return _start_execution(self, state_machine_arn, name or str(uuid.uuid4()), execution_input, trace_header)


_stop = Execution.stop
_reflect_status = BaseExecutionWorkerCommunication._reflect_execution_status


def stop(self, **details):
    # moto lets an open wait run to its end, and then reports a time-out instead of the stop.
    if self.exec_status == ExecutionStatus.RUNNING:
        _stop(self, **details)
        self.exec_status = ExecutionStatus.ABORTED
        self.stop_date = details["stop_date"]


def reflect_status(self):
    if self.execution.exec_status != ExecutionStatus.ABORTED:
        _reflect_status(self)


def redrive_execution(self):
    # moto has no redrive. This continues the execution in the state that did not end, with the same input.
    execution = self.stepfunction_backend.describe_execution(self._get_param("executionArn"))
    if execution.exec_status in (ExecutionStatus.RUNNING, ExecutionStatus.SUCCEEDED):
        raise ExecutionNotRedrivable("the execution is running, or has succeeded")
    entered = [e["stateEnteredEventDetails"] for e in execution.to_history_output()["events"] if "stateEnteredEventDetails" in e]
    worker = execution._get_start_execution_worker()
    details = worker._evaluation_details
    definition = json.loads(details.state_machine_details.definition)
    definition["StartAt"] = entered[-1]["name"]
    details.state_machine_details.definition = json.dumps(definition)
    details.execution_details.inpt = json.loads(entered[-1]["input"])
    execution.exec_status = ExecutionStatus.RUNNING
    execution.error = execution.cause = execution.stop_date = None
    execution.exec_worker = worker
    worker.start()
    return ActionResult({"redriveDate": time.time()})


# --- Step Functions, as the tasks of a state machine see it --------------------------------

_aws_sdk_parameters = StateTaskServiceAwsSdk._normalise_parameters
_aws_sdk_response = StateTaskServiceAwsSdk._normalise_response


def aws_sdk_parameters(self, parameters, *args, **kwargs):
    # AWS spells every service's parameters in Pascal case; moto passes them on unchanged.
    if self.resource.api_name == "sfn":
        for name in list(parameters):
            parameters[name[0].lower() + name[1:]] = parameters.pop(name)
    _aws_sdk_parameters(self, parameters, *args, **kwargs)


def aws_sdk_response(self, response, *args, **kwargs):
    if self.resource.api_name == "sfn":
        spelt = pascal(response)
        response.clear()
        response.update(spelt)
    _aws_sdk_response(self, response, *args, **kwargs)


def pascal(value):
    if isinstance(value, dict):
        return {name[0].upper() + name[1:]: pascal(each) for name, each in value.items()}
    if isinstance(value, list):
        return [pascal(each) for each in value]
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)


# --- DynamoDB, as the tasks of a state machine see it ------------------------------------

_update_item = DynamoHandler.update_item


def update_item(self):
    # moto accepts an empty string as a key.
    for name, value in self.body["Key"].items():
        if value.get("S") == "":
            raise KeyIsEmptyStringException(name)
    return _update_item(self)


def correct():
    default_user_config["stepfunctions"]["execute_state_machine"] = True
    # moto omits the type of these errors, so a client cannot distinguish them.
    for error in AWSError.__subclasses__():
        if error.TYPE is None:
            error.TYPE = error.__name__
    # moto copies the state machine with the whole back end, which fails while an execution waits.
    StateMachine.__deepcopy__ = lambda self, memo: copy.copy(self)
    # moto's status is None until the execution's thread has started, and reading it is an error.
    Execution.status = property(lambda self: (self.exec_status or ExecutionStatus.RUNNING).value)
    Execution.stop = stop
    BaseExecutionWorkerCommunication._reflect_execution_status = reflect_status
    StepFunctionsParserBackend.start_execution = start_execution
    StepFunctionsParserBackend.send_task_success = send_task_success
    StepFunctionsParserBackend.send_task_failure = send_task_failure
    StepFunctionsParserBackend.send_task_heartbeat = send_task_heartbeat
    StepFunctionResponse.send_task_failure = respond_send_task_failure
    StateTaskServiceCallback._evaluate_with_timeout = evaluate_attempt
    StateTaskServiceCallback._wait_for_task_token_timeout = wait_timeout
    StateTaskServiceCallback._wait_for_task_token_heartbeat = wait_heartbeat
    ExecutionState.from_state_props = from_state_props
    StepFunctionResponse.redrive_execution = redrive_execution
    StateTaskServiceAwsSdk._normalise_parameters = aws_sdk_parameters
    StateTaskServiceAwsSdk._normalise_response = aws_sdk_response
    states.long_uid = new_token
    DynamoHandler.update_item = update_item


def main(port, port_file):
    correct()
    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # no line per request
    server = make_server("127.0.0.1", int(port), DomainDispatcherApplication(create_backend_app), threaded=True)
    os.environ["MOTO_PORT"] = str(server.server_port)  # where executions call their tasks' services
    with open(port_file + ".new", "w") as file:
        print(server.server_port, file=file)
    os.replace(port_file + ".new", port_file)
    server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
