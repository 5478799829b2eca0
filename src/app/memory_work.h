// What the use cases of memories have in common: ids and times as people type them, the checked way
// to change memories, and the adoption of memories that other programs made.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/layout.h"
#include "app/operations.h"
#include "app/services.h"
#include "base/result.h"
#include "core/ids.h"
#include "memory/write_gate.h"
#include "sqlite/connection.h"
#include "store/memories.h"

namespace cortex::app {

// "cortex-cli 0.2.0" and the operator, who is who types commands.
store::Caller cli_caller(std::string reason = {});

// On whose behalf memories are changed, and what may be written down at all.
struct Author {
  store::Caller caller{};  // the reason is that of each change
  memory::GatePolicy policy{};

  bool is_agent() const { return caller.actor == "agent"; }
  store::Caller with_reason(std::string reason) const;
};

// Canonical form. kUsage for text that is no id of this kind.
Result<std::string> id_argument(core::IdKind kind, std::string_view text);
std::string column_time(Timestamp time);  // as columns hold it: "+00:00"
// So many days before `now`. kUsage, naming the flag, for more than ten thousand years.
Result<Timestamp> days_before(Timestamp now, std::uint64_t days, std::string_view flag);
std::string new_id(Services& services, core::IdKind kind);

// kUsage when the text is blank, not UTF-8, or longer than a claim may be.
inline constexpr std::size_t kClaimBytesMax = 1U << 20;
Status check_text(std::string_view what, std::string_view text);

// The reason as it may be written down: what the write gate says of it. Empty stays empty.
Result<std::string> kept_reason(const memory::GatePolicy& policy, const std::string& reason);

// As perform(), on a store whose schema this program understands (kSchema).
Result<Recorded> change_memories(Services& services, const Layout& layout,
                                 const store::Caller& caller, const Plan& plan);

// kPrecondition: there is no such memory; names those with ids like it.
Error missing_memory(sqlite::Connection& db, const std::string& id);
// missing_memory() when there is none.
Result<store::Memory> required_memory(sqlite::Connection& db, const std::string& id);

// A memory that no operation ever touched stands in no ledger. The first operation on it comes with
// one that writes it down, so that the ledger alone gives the same memories.
Status adopt(sqlite::Connection& db, const store::Memory& memory,
             std::vector<store::Operation>& operations);

// "no state was changed" and what to do.
Error refusal(Code code, std::string message, std::string next, std::string token = {});

}  // namespace cortex::app
