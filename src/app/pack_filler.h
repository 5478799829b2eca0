// Puts memories into a context pack: judged, in their order, while they fit.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "app/context_pack.h"
#include "app/eligibility.h"
#include "app/held_memories.h"
#include "base/result.h"
#include "context/pack.h"
#include "sqlite/connection.h"

namespace cortex::app {

store::ProofDepth proof_depth(const ContextRequest& request);

// Everything it is given must live longer than it.
class PackFiller {
 public:
  PackFiller(sqlite::Connection& db, const ContextRequest& request, const PointInTime& when,
             context::Pack& pack, ContextReport& report)
      : db_(db), request_(request), when_(when), pack_(pack), report_(report) {}

  // In their order. At a moment, each is given the mark of sensitivity that it bears now: what was
  // marked since is not told by asking for the time before. A constant number of queries, and for
  // every 256 of those that might fit.
  Status offer(std::span<context::Ref> refs);
  // Rows that could not be read.
  void leave_out(const std::vector<store::UnreadableMemory>& unreadable);
  // Memories that did not fit, since the last one that was taken. What was left out for what it is
  // says nothing about the room that is left.
  std::size_t in_vain() const { return in_vain_; }
  // Memories that may not be used, since then.
  std::size_t unusable() const { return unusable_; }

 private:
  struct Extras;
  enum class Fate : std::uint8_t { kUnfit, kLeftOut, kTaken };
  struct Offer {
    const context::Ref* ref;
    Fate* fate;
  };

  Status mark(std::span<context::Ref> refs);
  Status hide_withheld(std::span<Verdict> verdicts);
  Status take(const std::vector<Offer>& some);
  // True when it was taken.
  bool put(context::Ref ref, const std::vector<std::string>& proven_by, Extras& extras);
  bool put_spans(const context::Ref& ref, const std::vector<std::string>& proven_by,
                 const std::vector<context::Span>& spans, Extras& extras);

  sqlite::Connection& db_;
  const ContextRequest& request_;
  const PointInTime& when_;
  context::Pack& pack_;
  ContextReport& report_;
  std::size_t in_vain_ = 0, unusable_ = 0;
};

}  // namespace cortex::app
