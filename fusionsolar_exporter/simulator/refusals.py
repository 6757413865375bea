"""Refusals: the fail codes of section 10 that the simulated interfaces answer with."""

from collections.abc import Mapping
from enum import IntEnum


class FailCode(IntEnum):
    """``failCode`` of an answer."""

    OK = 0
    NOT_LOGGED_IN = 305
    NOT_PERMITTED = 401
    TOO_FREQUENT = 407
    DEVICE_ID_EMPTY = 20005
    TYPE_MISMATCH = 20006
    UNKNOWN_PLANT = 20007
    UNKNOWN_DEVICE = 20008
    PLANT_LIST_EMPTY = 20010
    DEVICE_LIST_EMPTY = 20011
    TIME_EMPTY = 20012
    TYPE_NOT_SUPPORTED = 20013
    TOO_MANY_PLANTS = 20014
    TOO_MANY_DEVICES = 20016
    OVER_TEN_DEVICES = 20018
    BEGIN_AFTER_END = 20023
    LANGUAGE_EMPTY = 20024
    LANGUAGE_INCORRECT = 20025
    OVER_A_YEAR_AGO = 20026
    SPAN_OVER_31_DAYS = 20027
    BOTH_LISTS_EMPTY = 20055
    NOT_AUTHORISED = 20056
    WRONG_CREDENTIALS = 20400
    LOGIN_RESTRICTED = 20403
    START_NOT_BEFORE_END = 20604
    NEGATIVE_TIME = 20605
    START_NOT_BEFORE_NOW = 20606
    OUT_OF_RANGE = 20611
    BASIC_EMPTY = 21000
    PLANT_NAME = 21001
    PLANT_TYPE = 21002
    CONNECTION_TIME = 21003
    CONTACT_NAME = 21004
    CONTACT_INFORMATION = 21005
    NO_CHARGER_ONLY_WORKS = 21006
    CHARGER_CONNECTION_TIME = 21007
    CHARGER_CAPACITY = 21008
    CHARGER_PRICE = 21009
    CHARGER_FLAG = 21010
    PLANT_NAME_EXISTS = 21011
    NO_SUCH_DEVICES = 22000
    NOT_A_CHARGER = 22005
    SERIAL_NUMBER_EMPTY = 22006
    DEVICE_BOUND = 22007
    DEVICES_EMPTY = 22008
    CAPACITY_EMPTY = 23000
    CAPACITY_FORMAT = 23001
    PRICE_FLAG = 24006
    ADDITION_EMPTY = 25000
    AREA_CODE = 25001
    ADDRESS_EMPTY = 25002
    COORDINATES = 25003
    SAFE_RUNNING_TIME = 25004
    TIME_ZONE = 25005
    LOAD_FLAG = 25006
    INTRODUCTION_LENGTH = 25007
    TOO_MANY_CREATED = 26001
    DAY_USED_UP = 20618
    ACCOUNT_EMPTY = 30003
    PAGE_NUMBER_EMPTY = 30004
    PAGE_SIZE_EMPTY = 30005
    PAGE_SIZE_OUT_OF_RANGE = 30006
    PAGE_NUMBER_TOO_SMALL = 30021
    PARAMETER_INCORRECT = 30030


MESSAGES: Mapping[int, str] = {
    FailCode.NOT_LOGGED_IN: "USER_MUST_RELOGIN",
    FailCode.NOT_PERMITTED: "Invalid access to current interface!",
    FailCode.WRONG_CREDENTIALS: "user.login.user_or_value_invalid",
}
"""Texts of ``message`` on failure; null for all others."""


class Refusal(Exception):  # noqa: N818 -- an answer of the simulated system, not an error of this program
    """A request is answered with a fail code other than 0, mostly over HTTP status 200."""

    def __init__(self, code: int, status: int = 200) -> None:
        super().__init__(f"failCode {code}")
        self.code = code
        self.status = status
