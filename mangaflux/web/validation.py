"""Bodies and query strings → request values, or one sentence that says what to change."""

from collections.abc import Mapping
from typing import TypeVar, get_args

from aiohttp import web
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from mangaflux.errors import InvalidRequestError

Model = TypeVar("Model", bound=BaseModel)


def parse_json(model: type[Model], body: bytes) -> Model:
    """The value of a JSON body; "1" and true are no numbers there.

    Raises:
        InvalidRequestError: it is not JSON or does not fit; the message names the field.
    """
    try:
        return model.model_validate_json(body, strict=True)
    except ValidationError as error:
        raise _refusal(model, error) from error


def parse_query(model: type[Model], request: web.Request) -> Model:
    """The value of a query string.

    Raises:
        InvalidRequestError: it does not fit; the message names the parameter.
    """
    return parse_values(model, dict(request.query))


def parse_values(model: type[Model], values: Mapping[str, object]) -> Model:
    """The value of loose fields.

    Raises:
        InvalidRequestError: they do not fit; the message names the field.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise _refusal(model, error) from error


def _refusal(model: type[BaseModel], error: ValidationError) -> InvalidRequestError:
    problems = error.errors()
    told = [{"field": _field(problem), "message": _sentence(model, problem)} for problem in problems]
    details: dict[str, object] = {"errors": told}
    worst = _most_telling(problems)
    if worst["type"] == "extra_forbidden":
        details["known"] = _known_names(model, worst)
    return InvalidRequestError(_sentence(model, worst), details=details)


def _most_telling(problems: list[ErrorDetails]) -> ErrorDetails:
    """An unknown name explains what else is missing; of the branches of a union, the one that fits furthest."""
    for problem in problems:
        if problem["type"] == "extra_forbidden":
            return problem
    field = _field(problems[0])
    return max(
        (problem for problem in problems if _field(problem).startswith(field)), key=lambda each: len(each["loc"])
    )


def _sentence(model: type[BaseModel], problem: ErrorDetails) -> str:
    field = _field(problem)
    match problem["type"]:
        case "missing":
            return f"{field} is missing."
        case "extra_forbidden":
            return f"{field} is not known; known here: {', '.join(_known_names(model, problem))}."
        case "json_invalid":
            return f"The request is not valid JSON: {problem['ctx']['error']}."
        case "value_error":
            return f"{field}: {problem['ctx']['error']}.".removeprefix(": ")
        case "string_pattern_mismatch" if field == "chapter_id":
            return "chapter_id: up to 64 letters, digits, dots, underscores and hyphens; the first a letter or digit."
        case _ if not field:
            return problem["msg"]
        case _:
            return f"{field}: {problem['msg'][:1].lower()}{problem['msg'][1:]}."


def _field(problem: ErrorDetails) -> str:
    """Where the problem is, as a person writes it: `options.hints[2].x`."""
    text = ""
    for part in problem["loc"]:
        if isinstance(part, int):
            text += f"[{part}]"
        elif "[" not in part:  # pydantic's names of the branches of a union, such as list[str], are no fields
            text += f".{part}" if text else part
    return text


def _known_names(model: type[BaseModel], problem: ErrorDetails) -> list[str]:
    """The names that may stand where an unknown one stands."""
    place: type[BaseModel] = model
    for part in problem["loc"][:-1]:
        if isinstance(part, str) and part in place.model_fields:
            place = _model_of(place.model_fields[part].annotation) or place
    return sorted(place.model_fields)


def _model_of(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for inner in get_args(annotation) if (found := _model_of(inner))), None)
