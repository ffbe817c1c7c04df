"""Events of models: handlers that run along with what is written, from the setting ``MODEL_EVENTS`` or decorators.

A model's own hooks are methods, see ``hooks``; what is here serves code that does not own the model.
"""

from openviper.db.events.decorators import ModelEvent, model_event
from openviper.db.events.handler import UNKNOWN
from openviper.db.events.running import failed_handlers

__all__ = ["UNKNOWN", "ModelEvent", "failed_handlers", "model_event"]
