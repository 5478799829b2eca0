#include "trust/timeline.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/join.h"
#include "base/text.h"

namespace cortex::trust {
namespace {

constexpr std::array<std::string_view, 4> kTimelineTiers = {"untrusted", "observed", "verified",
                                                            "operator"};
constexpr std::array<std::string_view, 3> kTimelineStates = {"active", "retired", "revoked"};

template <class Enum, std::size_t size>
std::optional<Enum> parse(const std::array<std::string_view, size>& tokens,
                          std::string_view token) {
  const auto found = std::ranges::find(tokens, token);
  if (found == tokens.end()) return std::nullopt;
  return static_cast<Enum>(found - tokens.begin());
}

// Collects what the rules say, in their order.
class Judge {
 public:
  explicit Judge(Authority& authority) : out_(authority) {}

  void never(std::string_view reason) {
    out_.valid_at_event = false;
    not_now(reason);
  }
  void not_now(std::string_view reason, std::optional<Timestamp> since = std::nullopt) {
    out_.valid_now = false;
    out_.reasons.push_back(reason);
    if (since && (!out_.invalidated_after || *since < *out_.invalidated_after)) {
      out_.invalidated_after = since;
    }
  }
  void note(std::string_view reason) { out_.reasons.push_back(reason); }

 private:
  Authority& out_;
};

void judge_key(const KeyEvidence& e, Judge& judge) {
  if (!e.activated) {
    judge.never("key_unknown");
  } else if (e.event_time < *e.activated) {
    judge.never("signed_before_activation");
  }
  if (e.revoked && *e.revoked <= e.event_time) {
    judge.never("signed_after_revocation");
  } else if (e.revoked && *e.revoked <= e.now) {
    judge.not_now("revoked_after_signing", e.revoked);
  }
  if (e.retired && *e.retired <= e.event_time) {
    judge.never("signed_after_retirement");
  } else if (e.retired && *e.retired <= e.now) {
    judge.note("historical_retired_key");
  }
}

void judge_principal(const KeyEvidence& e, Tier minimum, Judge& judge) {
  if (!e.tier_at_event) {
    judge.never("principal_unknown");
  } else if (*e.tier_at_event < minimum) {
    judge.never("insufficient_trust_at_signing");
  }
  if (!e.current_tier) {
    judge.not_now("principal_unknown");
  } else if (*e.current_tier < minimum) {
    judge.not_now("trust_tier_downgraded", e.current_tier_since);
  }
  if (e.removed_at && *e.removed_at <= e.now) judge.not_now("principal_removed", e.removed_at);
  if (e.review_due_at && *e.review_due_at < e.now) {
    judge.not_now("trust_review_expired", e.review_due_at);
  }
}

}  // namespace

std::string_view tier_token(Tier tier) { return kTimelineTiers[static_cast<std::size_t>(tier)]; }
std::optional<Tier> parse_tier(std::string_view token) {
  return parse<Tier>(kTimelineTiers, token);
}
std::string_view key_state_token(KeyState state) {
  return kTimelineStates[static_cast<std::size_t>(state)];
}
std::optional<KeyState> parse_key_state(std::string_view token) {
  return parse<KeyState>(kTimelineStates, token);
}

Outcome Authority::outcome() const {
  if (valid_now) return Outcome::kAllow;
  return valid_at_event ? Outcome::kQuarantine : Outcome::kReject;
}

std::string Authority::joined_reasons() const { return join(reasons, ","); }

Authority revalidate(KeyEvidence evidence, Tier minimum) {
  Authority authority{.evidence = std::move(evidence), .invalidated_after = {}, .reasons = {}};
  Judge judge(authority);
  judge_key(authority.evidence, judge);
  judge_principal(authority.evidence, minimum, judge);
  authority.valid_now = authority.valid_now && authority.valid_at_event;
  return authority;
}

}  // namespace cortex::trust
