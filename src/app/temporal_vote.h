// The vote of the authority timelines on every key that signed rows of a ledger.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "app/layout.h"
#include "app/services.h"
#include "trust/policy.h"

namespace cortex::app {

// The rule "audit.<surface>.temporal_authority", surface being "anchor" or "export": what the
// store's timelines say of each key now, at tier verified or better; the worst one counts. Without
// signed rows the rule warns. Opens the store to look only.
trust::Contribution temporal_vote(Services& services, const Layout& layout,
                                  std::string_view surface,
                                  const std::set<std::string, std::less<>>& key_ids);

// The vote of a run that ended before the ledger was read: reject.
trust::Contribution temporal_vote_unreached(std::string_view surface);

}  // namespace cortex::app
