// The writing half of memories.h, and the form in which an operation carries a row.
#include <utility>

#include "base/text.h"
#include "store/memories.h"
#include "store/plain_rows.h"

namespace cortex::store {
namespace {

Error unfit(std::string_view column) {
  return make_error(Code::kIntegrity, cat("the memory of an operation has no usable ", column));
}

std::optional<std::int64_t> as_integer(const json::Value& value) {
  const json::Number* number = value.as_number();
  if (number == nullptr) return std::nullopt;
  if (number->kind == json::Number::Kind::kSigned) return number->i;
  if (number->kind == json::Number::Kind::kDouble) return std::nullopt;
  if (!std::in_range<std::int64_t>(number->u)) return std::nullopt;
  return static_cast<std::int64_t>(number->u);
}

struct TextMember {
  std::string_view name;
  std::string Memory::* member;
};
constexpr TextMember kTextMembers[] = {
    {"id", &Memory::id},
    {"memory_type", &Memory::type},
    {"status", &Memory::status},
    {"claim", &Memory::claim},
    {"authority", &Memory::authority},
    {"created_at", &Memory::created_at},
    {"updated_at", &Memory::updated_at},
};

struct JsonMember {
  std::string_view name;
  json::Value Memory::* member;
};
constexpr JsonMember kJsonMembers[] = {
    {"source_episodes_json", &Memory::source_episodes},
    {"source_events_json", &Memory::source_events},
    {"domains_json", &Memory::domains},
    {"salience_json", &Memory::salience},
    {"applies_when_json", &Memory::applies_when},
    {"does_not_apply_when_json", &Memory::does_not_apply_when},
};

struct OptionalText {
  std::string_view name;
  std::optional<std::string> Memory::* member;
};
constexpr OptionalText kOptionalTexts[] = {
    {"first_used_at", &Memory::first_used_at},
    {"last_cross_session_use_at", &Memory::last_cross_session_use_at},
    {"last_validation_at", &Memory::last_validation_at},
    {"blessed_until", &Memory::blessed_until},
};

struct OptionalNumber {
  std::string_view name;
  std::optional<std::int64_t> Memory::* member;
};
constexpr OptionalNumber kOptionalNumbers[] = {
    {"cross_session_use_count", &Memory::cross_session_use_count},
    {"validation_epoch", &Memory::validation_epoch},
};

Status read_optional(const json::Object& row, Memory& memory) {
  for (const OptionalText& column : kOptionalTexts) {
    const json::Value* value = row.find(column.name);
    if (value == nullptr || value->is_null()) continue;
    if (value->as_string() == nullptr) return unfit(column.name);
    memory.*column.member = *value->as_string();
  }
  for (const OptionalNumber& column : kOptionalNumbers) {
    const json::Value* value = row.find(column.name);
    if (value == nullptr || value->is_null()) continue;
    const auto number = as_integer(*value);
    if (!number) return unfit(column.name);
    memory.*column.member = *number;
  }
  const json::Value* spans = row.find("summary_spans_json");
  if (spans != nullptr && !spans->is_null()) memory.summary_spans = *spans;
  return {};
}

std::string compact(const json::Value& value) { return json::write_compact(value); }

}  // namespace

json::Object memory_to_json(const Memory& memory) {
  json::Object row;
  for (const TextMember& column : kTextMembers) {
    row.add(std::string(column.name), memory.*column.member);
  }
  for (const JsonMember& column : kJsonMembers) {
    row.add(std::string(column.name), memory.*column.member);
  }
  row.add("confidence", exact_real(memory.confidence));
  row.add("summary_spans_json", json::or_null(memory.summary_spans));
  for (const OptionalText& column : kOptionalTexts) {
    row.add(std::string(column.name), json::or_null(memory.*column.member));
  }
  for (const OptionalNumber& column : kOptionalNumbers) {
    row.add(std::string(column.name), json::or_null(memory.*column.member));
  }
  return row;
}

Result<Memory> memory_from_json(const json::Value& value) {
  const json::Object* row = value.as_object();
  if (row == nullptr) return unfit("row");
  Memory memory;
  for (const TextMember& column : kTextMembers) {
    const json::Value* text = row->find(column.name);
    if (text == nullptr || text->as_string() == nullptr) return unfit(column.name);
    memory.*column.member = *text->as_string();
  }
  for (const JsonMember& column : kJsonMembers) {
    const json::Value* any = row->find(column.name);
    if (any == nullptr) return unfit(column.name);
    memory.*column.member = *any;
  }
  const json::Value* confidence = row->find("confidence");
  const auto number = confidence == nullptr ? std::nullopt : real_value(*confidence);
  if (!number) return unfit("confidence");
  memory.confidence = *number;
  CORTEX_TRY(read_optional(*row, memory));
  return memory;
}

Result<bool> insert_memory(sqlite::Connection& db, const Memory& memory) {
  CORTEX_ASSIGN(auto there, db.prepare("SELECT 1 FROM memories WHERE id = ?1"));
  CORTEX_TRY(there.bind(1, memory.id));
  CORTEX_ASSIGN(const bool found, there.step());
  if (found) return false;
  CORTEX_ASSIGN(
      auto insert,
      db.prepare("INSERT INTO memories(id, memory_type, status, claim, source_episodes_json,"
                 " source_events_json, domains_json, salience_json, confidence, authority,"
                 " applies_when_json, does_not_apply_when_json, created_at, updated_at,"
                 " summary_spans_json, cross_session_use_count, first_used_at,"
                 " last_cross_session_use_at, last_validation_at, validation_epoch, blessed_until)"
                 " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16,"
                 " ?17, ?18, ?19, ?20, ?21)"));
  const std::optional<std::string> spans =
      memory.summary_spans ? std::optional(compact(*memory.summary_spans)) : std::nullopt;
  CORTEX_TRY(insert.bind_all(
      memory.id, memory.type, memory.status, memory.claim, compact(memory.source_episodes),
      compact(memory.source_events), compact(memory.domains), compact(memory.salience),
      memory.confidence, memory.authority, compact(memory.applies_when),
      compact(memory.does_not_apply_when), memory.created_at, memory.updated_at, spans,
      memory.cross_session_use_count, memory.first_used_at, memory.last_cross_session_use_at,
      memory.last_validation_at, memory.validation_epoch, memory.blessed_until));
  CORTEX_TRY(insert.run());
  return true;
}

Result<bool> change_memory(sqlite::Connection& db, const MemoryChange& change) {
  // Only what is given stands in the statement: the triggers look at the columns that are set.
  std::vector<std::pair<std::string_view, std::string>> sets;
  if (change.status) sets.emplace_back("status", *change.status);
  if (change.domains) sets.emplace_back("domains_json", compact(*change.domains));
  if (change.updated_at) sets.emplace_back("updated_at", *change.updated_at);
  if (sets.empty()) sets.emplace_back("id", change.id);
  std::string sql = "UPDATE memories SET ";
  for (std::size_t i = 0; i < sets.size(); ++i) {
    sql += cat(i == 0 ? "" : ", ", sets[i].first, " = ?", i + 2);
  }
  CORTEX_ASSIGN(auto update, db.prepare(cat(sql, " WHERE id = ?1")));
  CORTEX_TRY(update.bind(1, change.id));
  for (std::size_t i = 0; i < sets.size(); ++i) {
    CORTEX_TRY(update.bind(static_cast<int>(i + 2), sets[i].second));
  }
  CORTEX_TRY(update.run());
  return db.changes() > 0;
}

}  // namespace cortex::store
