#include "app/memory_work.h"

#include <utility>

#include "app/checked_store.h"
#include "base/text.h"
#include "base/ulid.h"
#include "base/version.h"
#include "memory/rows.h"
#include "store/memory_history.h"
#include "store/outcomes.h"

namespace cortex::app {
namespace {

// Ids that begin like this one, from the primary key.
std::string similar_ids(sqlite::Connection& db, std::string_view id) {
  constexpr std::size_t kAlike = 26;
  const std::string begin(id.substr(0, kAlike));
  auto rows = db.prepare("SELECT id FROM memories WHERE id >= ?1 AND id < ?1 || '~' LIMIT 3");
  if (!rows.ok() || !rows->bind(1, begin).ok()) return {};
  std::string found;
  for (;;) {
    const auto more = rows->step();
    if (!more.ok() || !*more) return found;
    found += cat(found.empty() ? "" : ", ", printable(rows->column_text(0)));
  }
}

}  // namespace

Error refusal(Code code, std::string message, std::string next, std::string token) {
  return make_error(code, std::move(message), "no state was changed", std::move(next), token);
}

store::Caller cli_caller(std::string reason) {
  return {.actor = "operator",
          .client = cat("cortex-cli ", version()),
          .session = std::nullopt,
          .reason = std::move(reason)};
}

Result<std::string> id_argument(core::IdKind kind, std::string_view text) {
  if (const auto id = core::parse_id(kind, text)) return core::id_text(kind, *id);
  return refusal(Code::kUsage, cat(quoted(text), " is no id of a ", core::noun_of(kind)),
                 cat("give an id such as ", core::prefix_of(kind), "_01KG0000000000000000000001"));
}

store::Caller Author::with_reason(std::string reason) const {
  store::Caller out = caller;
  if (!reason.empty()) out.reason = std::move(reason);
  return out;
}

std::string column_time(Timestamp time) { return format_rfc3339(time, Offset::kPlus00); }

Result<Timestamp> days_before(Timestamp now, std::uint64_t days, std::string_view flag) {
  constexpr std::uint64_t kDaysMost = 3'650'000;  // ten thousand years
  constexpr std::int64_t kDaySeconds = 86'400;
  if (days > kDaysMost) {
    return refusal(Code::kUsage, cat("--", flag, " ", days, " is too many days"),
                   cat("give at most ", kDaysMost));
  }
  now.seconds -= static_cast<std::int64_t>(days) * kDaySeconds;
  return now;
}

std::string new_id(Services& services, core::IdKind kind) {
  return core::id_text(kind, Ulid::make(services.clock, services.random));
}

Status check_text(std::string_view what, std::string_view text) {
  std::string problem, next = cat("give a ", what, " in UTF-8, or refer to a file by its name");
  if (!is_valid_utf8(text)) {
    problem = "is not UTF-8";
  } else if (is_blank(text)) {
    problem = "must not be empty";
    next = cat("give a ", what);
  } else if (text.size() > kClaimBytesMax) {
    problem = cat("has ", with_thousands(text.size()), " bytes, at most ",
                  with_thousands(kClaimBytesMax), " are kept");
  } else {
    return {};
  }
  return refusal(Code::kUsage, cat("the ", what, " ", problem), std::move(next));
}

Result<std::string> kept_reason(const memory::GatePolicy& policy, const std::string& reason) {
  if (reason.empty()) return std::string();
  CORTEX_TRY(check_text("reason", reason));
  CORTEX_ASSIGN(memory::Screened kept, memory::screen(reason, policy));
  return std::move(kept.text);
}

Result<Recorded> change_memories(Services& services, const Layout& layout,
                                 const store::Caller& caller, const Plan& plan) {
  const Plan checked = [&plan](sqlite::Connection& db) -> Result<std::vector<store::Operation>> {
    CORTEX_TRY(require_schema(db));
    return plan(db);
  };
  return perform(services, layout, caller, checked);
}

Error missing_memory(sqlite::Connection& db, const std::string& id) {
  const std::string similar = similar_ids(db, id);
  return refusal(Code::kPrecondition, cat("the memory ", id, " was not found"),
                 similar.empty() ? "look for it with `cortex memory list`"
                                 : cat("did you mean ", similar, "?"));
}

Result<store::Memory> required_memory(sqlite::Connection& db, const std::string& id) {
  CORTEX_ASSIGN(auto found, store::find_memory(db, id));
  if (found) return *std::move(found);
  return missing_memory(db, id);
}

Status adopt(sqlite::Connection& db, const store::Memory& memory,
             std::vector<store::Operation>& operations) {
  CORTEX_ASSIGN(const auto last, store::last_version(db, memory.id));
  if (last) return {};
  json::Object args{{"memory", store::memory_to_json(memory)}};
  memory::Companions companions;
  CORTEX_ASSIGN(companions.uses, store::session_uses_of(db, memory.id));
  CORTEX_ASSIGN(companions.relations, store::relations_of(db, memory.id));
  memory::add_to(args, companions);
  operations.push_back({"memory.adopt", std::move(args)});
  return {};
}

}  // namespace cortex::app
