// Which function applies which operation. A rule, once its operations stand in ledgers, is never
// taken out and never changes its meaning: a new meaning is a new name.
#include <algorithm>
#include <iterator>
#include <string_view>

#include "app/migrate.h"
#include "app/operations.h"

namespace cortex::app {
namespace {

struct Rule {
  std::string_view name;
  Status (*apply)(sqlite::Connection& db, const store::OperationRow& row);
};

// What leaves no trace in the tables: the ledger row is the record.
Status nothing_to_apply(sqlite::Connection&, const store::OperationRow&) { return {}; }

constexpr Rule kRules[] = {
    {"authority.seed_drill_operator", apply_seed_drill_operator},
    {"doctor.repair", nothing_to_apply},
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
