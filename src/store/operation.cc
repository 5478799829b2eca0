#include "store/operation.h"

#include <utility>

#include "base/text.h"
#include "core/ids.h"
#include "ledger/own_row.h"
#include "sqlite/failure.h"
#include "sqlite/savepoint.h"

namespace cortex::store {
namespace {

Error not_an_operation(const core::Event& event, std::string_view why) {
  return make_error(Code::kIntegrity, cat(core::id_text(core::IdKind::kEvent, event.id),
                                          " is no operation that can be applied: ", why));
}

std::string text_or_empty(const json::Value& payload, std::string_view key) {
  const std::string* text = payload.find_text(key);
  return text == nullptr ? std::string() : *text;
}

Result<bool> was_applied(sqlite::Connection& db, std::string_view event_id) {
  CORTEX_ASSIGN(auto select, db.prepare("SELECT 1 FROM cortex_operations WHERE event_id = ?1 AND"
                                        " outcome = 'applied'"));
  CORTEX_TRY(select.bind(1, event_id));
  return select.step();
}

Status remember(sqlite::Connection& db, std::string_view event_id, std::string_view name,
                std::string_view outcome, std::string_view detail) {
  CORTEX_ASSIGN(auto insert,
                db.prepare("INSERT OR REPLACE INTO cortex_operations(event_id, name, outcome,"
                           " detail) VALUES(?1, ?2, ?3, ?4)"));
  CORTEX_TRY(insert.bind_all(event_id, name, outcome, detail));
  return insert.run();
}

// Whether an operation could not be applied because the store, or SQLite's temporary file, could
// not be read or written. That says nothing about the operation: it is applied by the next open.
bool is_of_the_store(const Error& error) {
  using sqlite::Failure;
  switch (sqlite::failure_of(error)) {
    case Failure::kBusy:
    case Failure::kLocked:
    case Failure::kCorrupt:
    case Failure::kNotADatabase:
    case Failure::kFull:
    case Failure::kReadOnly:
    case Failure::kCannotOpen:
    case Failure::kInputOutput:
    case Failure::kInterrupted:
    case Failure::kOutOfMemory:
      return true;
    case Failure::kNone:
    case Failure::kConstraint:
    case Failure::kMisuse:
    case Failure::kOther:
      return false;
  }
  return false;
}

}  // namespace

const json::Value& OperationRow::arg(std::string_view key) const {
  static const json::Value null;
  const json::Value* found = args.find(key);
  return found == nullptr ? null : *found;
}

Result<std::string> OperationRow::text_arg(std::string_view key) const {
  if (const std::string* text = arg(key).as_string()) return *text;
  return make_error(Code::kIntegrity, cat(name, " ", event_id, " has no text ", quoted(key)));
}

std::string operation_payload(const Operation& operation, const Caller& caller) {
  json::Object payload{{"actor", caller.actor},
                       {"args", operation.args},
                       {"client", caller.client},
                       {std::string(kOperationMember), operation.name},
                       {"v", kOperationVersion}};
  if (!caller.reason.empty()) payload.add("reason", caller.reason);
  if (caller.session) payload.add("session", *caller.session);
  return json::canonical(std::move(payload));
}

bool looks_like_operation(const core::Event& event, std::string_view payload) {
  return ledger::is_own_row(event) &&
         (payload.find(kOperationMember) != std::string_view::npos ||
          payload.find("\\u") != std::string_view::npos);  // any letter of it may be escaped
}

Result<std::optional<OperationRow>> decode_operation(const core::Event& event,
                                                     std::string_view payload) {
  CORTEX_ASSIGN(json::Value value, json::parse(payload));
  const json::Value* name = value.find(kOperationMember);
  if (name == nullptr) return std::optional<OperationRow>();
  if (name->as_string() == nullptr) return not_an_operation(event, "its name is no text");
  const json::Value* version = value.find("v");
  if (version == nullptr || json::canonical(*version) != std::to_string(kOperationVersion)) {
    return not_an_operation(event, "its version is not 1");
  }
  const json::Value* args = value.find("args");
  if (args == nullptr || args->as_object() == nullptr) {
    return not_an_operation(event, "it has no args");
  }
  OperationRow row{.event_id = core::id_text(core::IdKind::kEvent, event.id),
                   .recorded_at = event.recorded_at,
                   .name = *name->as_string(),
                   .args = *args->as_object(),
                   .caller = {.actor = text_or_empty(value, "actor"),
                              .client = text_or_empty(value, "client"),
                              .session = event.session_id,
                              .reason = text_or_empty(value, "reason")}};
  return std::optional(std::move(row));
}

Status project_new(sqlite::Connection& db, Projector& projector, const OperationRow& row) {
  CORTEX_ASSIGN(const bool known, projector.apply(db, row));
  if (!known) {
    return make_error(Code::kInternal, cat("there is no rule to apply ", quoted(row.name)));
  }
  return remember(db, row.event_id, row.name, "applied", "");
}

Status project(sqlite::Connection& db, Projector& projector, const core::Event& event,
               std::string_view payload) {
  const std::string event_id = core::id_text(core::IdKind::kEvent, event.id);
  CORTEX_ASSIGN(const bool applied, was_applied(db, event_id));
  if (applied) return {};
  const auto decoded = decode_operation(event, payload);
  if (!decoded.ok()) return remember(db, event_id, "", "failed", decoded.error().message);
  if (!*decoded) return {};
  const OperationRow& row = **decoded;
  CORTEX_ASSIGN(auto savepoint, sqlite::Savepoint::begin(db));
  const auto known = projector.apply(db, row);
  if (known.ok() && *known) {
    CORTEX_TRY(remember(db, event_id, row.name, "applied", ""));
    return savepoint.release();
  }
  if (!known.ok() && is_of_the_store(known.error())) return known.error();
  CORTEX_TRY(savepoint.undo());
  if (known.ok()) return remember(db, event_id, row.name, "unknown", "a newer program wrote it");
  return remember(db, event_id, row.name, "failed", known.error().message);
}

}  // namespace cortex::store
