"""A client in another language: stubs from our protos, webhooks signed by Twilio's own library.

Reads CALLPLANE_ADDRESS, CALLPLANE_TOKEN_FILE, CALLPLANE_WORKSPACE and CALLPLANE_EDGE_URL; exits with 1 if a check fails.
"""

import os
import secrets
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from twilio.request_validator import RequestValidator

sys.path.insert(0, str(Path(__file__).parent / "gen"))
from callplane.v1 import account_pb2, account_pb2_grpc, agent_pb2, agent_pb2_grpc  # noqa: E402
from callplane.v1 import call_pb2, call_pb2_grpc, phone_number_pb2, phone_number_pb2_grpc  # noqa: E402

NUMBER = "+15550100071"
CALLER = "+12125550171"
EDGE = os.environ["CALLPLANE_EDGE_URL"]
METADATA = [
    ("authorization", "Bearer " + Path(os.environ["CALLPLANE_TOKEN_FILE"]).read_text().strip()),
    ("callplane-workspace", os.environ["CALLPLANE_WORKSPACE"]),
]
results: list[bool] = []


def check(what: str, holds: object) -> None:
    results.append(bool(holds))
    print(f"{'ok    ' if holds else 'FAILED'}  {what}", flush=True)


def post(path: str, form: dict[str, str], auth_token: str) -> tuple[int, str]:
    """Sends a webhook, signed by Twilio's library."""
    signature = RequestValidator(auth_token).compute_signature(EDGE + path, form)
    request = urllib.request.Request(EDGE + path, urllib.parse.urlencode(form).encode())
    request.add_header("X-Twilio-Signature", signature)
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.read().decode()


def post_once_known(path: str, form: dict[str, str], auth_token: str) -> tuple[int, str]:
    """The edge hears of a new account within a second; a test that is quicker than that asks again."""
    patience = time.monotonic() + 15
    while True:
        status, body = post(path, form, auth_token)
        if status != 403 or time.monotonic() > patience:
            return status, body
        time.sleep(0.05)


def refusals(channel: grpc.Channel) -> None:
    accounts = account_pb2_grpc.AccountServiceStub(channel)
    try:
        accounts.CreateAccount(
            account_pb2.CreateAccountRequest(account=account_pb2.Account(display_name="Wrong", account_sid="nope")),
            metadata=METADATA,
        )
        check("a wrong SID is refused", False)
    except grpc.RpcError as error:
        details = error_details_pb2.BadRequest()
        for detail in rpc_status.from_call(error).details:
            detail.Unpack(details)
        fields = [violation.field for violation in details.field_violations]
        check("a wrong SID is an invalid argument", error.code() == grpc.StatusCode.INVALID_ARGUMENT)
        check(f"and the details name the field: {fields}", fields == ["account.account_sid"])
    try:
        accounts.GetAccount(account_pb2.GetAccountRequest(account_id="acc_" + "0" * 26), metadata=METADATA)
        check("an unknown id is refused", False)
    except grpc.RpcError as error:
        check("an unknown id is not found", error.code() == grpc.StatusCode.NOT_FOUND)
    try:
        accounts.ListAccounts(account_pb2.ListAccountsRequest())
        check("a call without a token is refused", False)
    except grpc.RpcError as error:
        check("a call without a token is unauthenticated", error.code() == grpc.StatusCode.UNAUTHENTICATED)


def set_up(channel: grpc.Channel, account_sid: str, auth_token: str) -> tuple[str, str]:
    """An account, an agent, and a number that the agent answers."""
    account = account_pb2_grpc.AccountServiceStub(channel).CreateAccount(
        account_pb2.CreateAccountRequest(
            account=account_pb2.Account(display_name="Python", account_sid=account_sid),
            credentials=account_pb2.Credentials(auth_token=auth_token),
        ),
        metadata=METADATA,
    )
    check("an account is created", account.account.id.startswith("acc_"))
    check("and its auth token does not come back", auth_token not in str(account))
    agent = agent_pb2_grpc.AgentServiceStub(channel).CreateAgent(
        agent_pb2.CreateAgentRequest(
            agent=agent_pb2.Agent(
                display_name="Greeter", announcement=agent_pb2.Announcement(text="Hello from Python.")
            )
        ),
        metadata=METADATA,
    )
    numbers = phone_number_pb2_grpc.PhoneNumberServiceStub(channel)
    number = numbers.RegisterPhoneNumber(
        phone_number_pb2.RegisterPhoneNumberRequest(
            phone_number=phone_number_pb2.PhoneNumber(account_id=account.account.id, e164=NUMBER)
        ),
        metadata=METADATA,
    ).phone_number
    assigned = numbers.AssignPhoneNumber(
        phone_number_pb2.AssignPhoneNumberRequest(
            phone_number_id=number.id, assignment=phone_number_pb2.Assignment(agent_id=agent.agent.id)
        ),
        metadata=METADATA,
    ).phone_number
    check("a number is assigned to an agent", assigned.assignment.agent_id == agent.agent.id)
    return number.id, agent.agent.id


def a_call(channel: grpc.Channel, number_id: str, agent_id: str, account_sid: str, auth_token: str) -> None:
    watch = call_pb2_grpc.CallServiceStub(channel).WatchCalls(
        call_pb2.WatchCallsRequest(phone_number_id=number_id, from_beginning=True), metadata=METADATA, timeout=60
    )
    call_sid = "CA" + secrets.token_hex(16)
    form = {"CallSid": call_sid, "AccountSid": account_sid, "From": CALLER, "To": NUMBER, "Direction": "inbound"}
    form |= {"CallStatus": "ringing", "ApiVersion": "2010-04-01"}
    status, twiml = post_once_known("/twilio/voice", form, auth_token)
    check("a call signed by Twilio's library is answered by its agent", status == 200 and "Hello from Python." in twiml)
    call = next(reply.call for reply in watch if reply.HasField("call"))
    check("the call arrives at whoever watches", (call.call_sid, call.agent_id) == (call_sid, agent_id))

    status, _ = post("/twilio/voice", form, secrets.token_hex(16))
    check("a wrong signature gets 403", status == 403)
    form |= {"CallStatus": "completed", "CallDuration": "7", "SequenceNumber": "3", "CallbackSource": "call-progress-events"}
    status, _ = post("/twilio/status", form, auth_token)
    check("a status callback is answered without a body", status == 204)
    completed = call_pb2.CALL_STATUS_COMPLETED
    call = next(reply.call for reply in watch if reply.HasField("call") and reply.call.status == completed)
    check("and the end of the call arrives too", call.duration.seconds == 7)
    watch.cancel()


def main() -> int:
    account_sid, auth_token = "AC" + secrets.token_hex(16), secrets.token_hex(16)
    with grpc.insecure_channel(os.environ["CALLPLANE_ADDRESS"].removeprefix("http://")) as channel:
        refusals(channel)
        number_id, agent_id = set_up(channel, account_sid, auth_token)
        a_call(channel, number_id, agent_id, account_sid, auth_token)
    failed = results.count(False)
    print(f"{len(results) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
