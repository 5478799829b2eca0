// Which function applies which operation. A rule, once its operations stand in ledgers, is never
// taken out and never changes its meaning: a new meaning is a new name.
#include <algorithm>
#include <iterator>
#include <string_view>

#include "app/context_pack.h"
#include "app/export.h"
#include "app/keys.h"
#include "app/memory_erase.h"
#include "app/migrate.h"
#include "app/operations.h"
#include "app/principles.h"
#include "app/restore_production.h"
#include "app/session_close.h"
#include "app/session_commit.h"
#include "memory/apply.h"
#include "memory/apply_decay.h"

namespace cortex::app {
namespace {

struct Rule {
  std::string_view name;
  Status (*apply)(sqlite::Connection& db, const store::OperationRow& row);
};

// What leaves no trace in the tables: the ledger row is the record.
Status nothing_to_apply(sqlite::Connection&, const store::OperationRow&) { return {}; }

constexpr Rule kRules[] = {
    {"authority.key.register", apply_key_change},
    {"authority.key.revoke", apply_key_change},
    {"authority.key.rotate", apply_key_change},
    {"authority.seed_drill_operator", apply_seed_drill_operator},
    {"context.build", apply_context_build},
    {"contradiction.add", memory::apply_contradiction},
    {"contradiction.interpret", memory::apply_contradiction},
    {"contradiction.resolve", memory::apply_contradiction},
    {"decay.cancel", memory::apply_decay},
    {"decay.claim", memory::apply_decay},
    {"decay.complete", memory::apply_decay},
    {"decay.fail", memory::apply_decay},
    {"decay.recover", memory::apply_decay},
    {"decay.schedule", memory::apply_decay},
    {"doctor.repair", nothing_to_apply},
    {"episode.add", memory::apply_episode},
    {"import.rows", apply_import_rows},
    {"memory.accept", memory::apply_transition},
    {"memory.adopt", memory::apply_adopt},
    {"memory.candidate", memory::apply_add},
    {"memory.commit", memory::apply_transition},
    {"memory.erase", apply_erase},
    {"memory.note", memory::apply_add},
    {"memory.outcome", memory::apply_outcome},
    {"memory.pend", memory::apply_transition},
    {"memory.reject", memory::apply_transition},
    {"memory.restore", memory::apply_transition},
    {"memory.supersede", memory::apply_supersede},
    {"memory.tag.add", memory::apply_tag_add},
    {"memory.tag.remove", memory::apply_tag_remove},
    {"principle.candidate", apply_principle},
    {"principle.falsify", apply_principle},
    {"principle.promote", apply_principle},
    {"reflection.quarantine", apply_quarantine},
    {"restore.apply", nothing_to_apply},
    {"restore.apply.rolled_back", apply_restore_rolled_back},
    {"restore.run", nothing_to_apply},
    {"session.close", apply_session_close},
    {"session.commit", apply_session_commit},
};

class RuleTable final : public store::Projector {
 public:
  Result<bool> apply(sqlite::Connection& db, const store::OperationRow& row) override {
    const auto* rule = std::ranges::find(kRules, row.name, &Rule::name);
    if (rule == std::end(kRules)) return false;
    CORTEX_TRY(rule->apply(db, row));
    return true;
  }
};

}  // namespace

store::Projector& projector() {
  static RuleTable table;
  return table;
}

}  // namespace cortex::app
