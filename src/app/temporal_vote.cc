#include "app/temporal_vote.h"

#include <utility>

#include "app/row_signing.h"
#include "base/text.h"
#include "store/open.h"

namespace cortex::app {
namespace {

using trust::Outcome;

trust::Contribution vote_of(std::string_view surface, Outcome outcome, std::string_view reason) {
  std::string text(reason);
  if (outcome == Outcome::kReject || outcome == Outcome::kQuarantine) {
    text = cat("audit.", surface, ".operator_temporal_authority.revalidation_failed: ", reason);
  }
  return {cat("audit.", surface, ".temporal_authority"), outcome, std::move(text)};
}

}  // namespace

trust::Contribution temporal_vote_unreached(std::string_view surface) {
  return vote_of(surface, Outcome::kReject, "the ledger was not read");
}

trust::Contribution temporal_vote(Services& services, const Layout& layout,
                                  std::string_view surface,
                                  const std::set<std::string, std::less<>>& key_ids) {
  if (key_ids.empty()) return vote_of(surface, Outcome::kWarn, "no row is signed");
  const Timestamp now = services.clock.now();
  Outcome worst = Outcome::kAllow;
  std::string reasons;
  const auto look = [&](sqlite::Connection& db) -> Status {
    worst = Outcome::kAllow;
    reasons.clear();
    for (const std::string& key_id : key_ids) {
      CORTEX_ASSIGN(const trust::Authority authority, signer_authority(db, key_id, now));
      worst = std::max(worst, authority.outcome());
      if (authority.outcome() == Outcome::kAllow) continue;
      reasons += cat(reasons.empty() ? "" : "; ", "key ", quoted(key_id), ": ",
                     authority.joined_reasons());
    }
    return {};
  };
  if (const Status seen = store::inspect(services.fs, layout.db_path, look); !seen.ok()) {
    return vote_of(surface, Outcome::kReject, seen.error().message);
  }
  if (worst == Outcome::kAllow) {
    reasons = cat(counted(key_ids.size(), "key"), " of signed rows may sign now");
  }
  return vote_of(surface, worst, reasons);
}

}  // namespace cortex::app
