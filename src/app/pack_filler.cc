#include "app/pack_filler.h"

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "app/pack_sources.h"
#include "base/text.h"
#include "trust/semantic.h"

namespace cortex::app {
namespace {

constexpr std::size_t kOfferedAtOnce = 256;

context::Exclusion left_out_exclusion(const LeftOut& out) {
  const bool contradicted = out.reason == "contradicted";
  return {out.memory_id, "memory", contradicted ? "contradiction" : "other",
          cat(out.reason, ": ", out.detail), context::Sensitivity::kInternal};
}

}  // namespace

store::ProofDepth proof_depth(const ContextRequest& request) {
  return request.compatible ? store::ProofDepth::kRows : store::ProofDepth::kHashes;
}

// What goes into the pack beside the claims of some memories.
struct PackFiller::Extras {
  std::map<std::string, std::vector<context::Span>> spans;
  std::map<std::string, RawPayload> payloads;
};

Status PackFiller::mark(std::span<context::Ref> refs) {
  if (!when_) return {};  // their tags are those of now
  std::vector<std::string> ids;
  ids.reserve(refs.size());
  for (const context::Ref& ref : refs) ids.push_back(ref.memory_id);
  CORTEX_ASSIGN(const auto marks, marked_now(db_, ids));
  for (context::Ref& ref : refs) {
    const auto found = marks.find(ref.memory_id);
    if (found != marks.end()) ref.marked_since = found->second;
  }
  return {};
}

Status PackFiller::offer(std::span<context::Ref> refs) {
  CORTEX_TRY(mark(refs));
  std::vector<Fate> fates(refs.size(), Fate::kUnfit);
  std::vector<Offer> some;
  for (std::size_t i = 0; i < refs.size(); ++i) {
    const context::Ref& ref = refs[i];
    const context::Sensitivity sensitivity = ref.sensitivity();
    if (pack_.withholds(sensitivity)) {
      pack_.exclude({ref.memory_id, "memory", "redaction_policy",
                     cat("its sensitivity keeps it out of ", context::pack_mode_token(pack_.mode()),
                         " packs"),
                     sensitivity});
      ++report_.withheld;
      fates[i] = Fate::kLeftOut;
    } else if (request_.by_span || pack_.admits(ref)) {
      some.push_back({&ref, &fates[i]});
    }  // else it is among the exclusions; nobody needs its proof
    if (some.size() < kOfferedAtOnce) continue;
    CORTEX_TRY(take(some));
    some.clear();
  }
  CORTEX_TRY(take(some));
  for (const Fate fate : fates) {
    if (fate == Fate::kUnfit) ++in_vain_;
    if (fate == Fate::kLeftOut) ++unusable_;
    if (fate == Fate::kTaken) in_vain_ = unusable_ = 0;
  }
  return {};
}

void PackFiller::leave_out(const std::vector<store::UnreadableMemory>& unreadable) {
  for (LeftOut& row : left_out_of(unreadable)) {
    pack_.exclude(left_out_exclusion(row));
    report_.left_out.push_back(std::move(row));
    ++unusable_;
  }
}

// What an external pack withholds it does not name as the other side of a contradiction either;
// at a moment what bore its mark then or bears one now.
Status PackFiller::hide_withheld(std::span<Verdict> verdicts) {
  std::vector<std::string> named;
  for (const Verdict& one : verdicts) {
    if (one.left_out && !one.left_out->names.empty()) named.push_back(one.left_out->names);
  }
  if (named.empty() || pack_.mode() != context::Mode::kExternal) return {};
  CORTEX_ASSIGN(auto marks, marked_now(db_, named));
  if (when_) {
    const auto look = [&marks](const store::Memory& memory) -> Status {
      context::Sensitivity& mark = marks[memory.id];  // kPublic when it is new
      mark = std::max(mark, context::sensitivity_of(memory.tags()));
      return {};
    };
    CORTEX_TRY(each_held(db_, when_, {.ids = named}, look));
  }
  for (Verdict& one : verdicts) {
    if (!one.left_out) continue;
    const auto mark = marks.find(one.left_out->names);
    if (mark != marks.end() && pack_.withholds(mark->second)) {
      one.left_out->detail = one.left_out->unnamed;
    }
  }
  return {};
}

// Takes what may be used out of `some`, in order, while it fits.
Status PackFiller::take(const std::vector<Offer>& some) {
  if (some.empty()) return {};
  std::vector<std::string> ids;
  ids.reserve(some.size());
  for (const Offer& one : some) ids.push_back(one.ref->memory_id);
  CORTEX_ASSIGN(auto verdicts, judge(db_, ids, proof_depth(request_), when_));
  CORTEX_TRY(hide_withheld(verdicts));
  Extras extras;
  if (pack_.mode() == context::Mode::kOperatorRaw) {
    std::vector<std::string> events;
    for (const Verdict& one : verdicts) {
      if (one.left_out) continue;
      events.insert(events.end(), one.event_ids.begin(), one.event_ids.end());
    }
    CORTEX_ASSIGN(extras.payloads, raw_payloads(db_, events));
  }
  if (request_.by_span) {
    CORTEX_ASSIGN(extras.spans, summary_spans(db_, ids));
  }
  for (std::size_t i = 0; i < some.size(); ++i) {
    if (const auto& out = verdicts[i].left_out) {
      pack_.exclude(left_out_exclusion(*out));
      report_.left_out.push_back(*out);
      *some[i].fate = Fate::kLeftOut;
      continue;
    }
    context::Ref ref = *some[i].ref;
    if (verdicts[i].noted_by_agent) ref.authority = trust::kAgentAuthority;
    ref.unvalidated_use = ref.unvalidated_use && !request_.compatible;
    const auto spans = extras.spans.find(ref.memory_id);
    const bool taken = spans == extras.spans.end()
                           ? put(std::move(ref), verdicts[i].event_ids, extras)
                           : put_spans(ref, verdicts[i].event_ids, spans->second, extras);
    if (taken) *some[i].fate = Fate::kTaken;
  }
  return {};
}

// What does not fit is among the exclusions.
bool PackFiller::put(context::Ref ref, const std::vector<std::string>& proven_by, Extras& extras) {
  std::vector<context::Exclusion> withheld;
  for (const std::string& id : proven_by) {
    const auto found = extras.payloads.find(id);
    if (found == extras.payloads.end()) continue;
    const RawPayload& raw = found->second;
    if (pack_.withholds(raw.sensitivity)) {
      withheld.push_back({id, "event", "redaction_policy",
                          "its sensitivity keeps its payload out of packs", raw.sensitivity});
    } else if (!raw.unusable.empty()) {
      withheld.push_back({id, "event", "other", raw.unusable, raw.sensitivity});
    } else {
      ref.raw_events.push_back({id, raw.payload});
    }
  }
  if (!pack_.add(std::move(ref))) return false;
  for (context::Exclusion& one : withheld) pack_.exclude(std::move(one));
  return true;
}

// Each span by itself: a part of a summary fits where the whole does not, and has its own events.
bool PackFiller::put_spans(const context::Ref& ref, const std::vector<std::string>& proven_by,
                           const std::vector<context::Span>& spans, Extras& extras) {
  bool taken = false;
  for (const context::Span& span : spans) {
    const auto proven = [&proven_by](const std::string& id) {
      return std::ranges::find(proven_by, id) != proven_by.end();
    };
    if (span.event_ids.empty() || !std::ranges::all_of(span.event_ids, proven)) {
      pack_.exclude({ref.memory_id, "memory", "other",
                     cat("unproven: the span from byte ", span.byte_start,
                         " names events that its memory does not rest on"),
                     context::Sensitivity::kInternal});
      continue;
    }
    context::Ref part = ref;
    part.claim = ref.claim.substr(span.byte_start, span.byte_end - span.byte_start);
    part.authority = span.authority;
    part.span = span;
    taken = put(std::move(part), span.event_ids, extras) || taken;
  }
  return taken;
}

}  // namespace cortex::app
