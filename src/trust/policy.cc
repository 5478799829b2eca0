#include "trust/policy.h"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include "base/check.h"
#include "base/text.h"

namespace cortex::trust {
namespace {

struct OutcomeNames {
  std::string_view token, name;
};
constexpr std::array<OutcomeNames, 5> kNames{{{"allow", "Allow"},
                                              {"warn", "Warn"},
                                              {"break_glass", "BreakGlass"},
                                              {"quarantine", "Quarantine"},
                                              {"reject", "Reject"}}};

bool blocks(const Contribution& vote) { return vote.outcome >= Outcome::kQuarantine; }

bool break_glass_wins(const std::vector<Contribution>& votes, const BreakGlass& break_glass) {
  if (!break_glass.valid()) return false;
  const auto asks = [](const Contribution& v) { return v.outcome == Outcome::kBreakGlass; };
  const auto yields = [](const Contribution& v) {
    return !blocks(v) || v.break_glass_override_allowed;
  };
  return std::ranges::any_of(votes, asks) && std::ranges::all_of(votes, yields);
}

json::Array votes_json(const std::vector<Contribution>& votes) {
  json::Array out;
  for (const Contribution& vote : votes) {
    out.emplace_back(
        json::Object{{"rule_id", vote.rule_id},
                     {"outcome", outcome_token(vote.outcome)},
                     {"reason", vote.reason},
                     {"break_glass_override_allowed", vote.break_glass_override_allowed}});
  }
  return out;
}

}  // namespace

std::string_view outcome_token(Outcome outcome) {
  return kNames[static_cast<std::size_t>(outcome)].token;
}

std::string_view outcome_name(Outcome outcome) {
  return kNames[static_cast<std::size_t>(outcome)].name;
}

Decision compose(std::vector<Contribution> votes, const BreakGlass& break_glass) {
  for (const Contribution& vote : votes) {
    CORTEX_CHECK(!is_blank(vote.rule_id) && !is_blank(vote.reason));
  }
  std::ranges::sort(votes, [](const Contribution& a, const Contribution& b) {
    return std::tie(b.outcome, a.rule_id) < std::tie(a.outcome, b.rule_id);
  });
  Decision decision;
  if (votes.empty()) return decision;
  decision.final_outcome = votes.front().outcome;
  if (blocks(votes.front()) && break_glass_wins(votes, break_glass)) {
    decision.final_outcome = Outcome::kBreakGlass;
  }
  for (Contribution& vote : votes) {
    auto& side =
        vote.outcome == decision.final_outcome ? decision.contributing : decision.discarded;
    side.push_back(std::move(vote));
  }
  return decision;
}

json::Value to_json(const Decision& decision) {
  return json::Object{{"final_outcome", outcome_token(decision.final_outcome)},
                      {"contributing", votes_json(decision.contributing)},
                      {"discarded", votes_json(decision.discarded)}};
}

}  // namespace cortex::trust
