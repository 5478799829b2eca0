#include "retrieval/rank.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <unordered_map>

namespace cortex::retrieval {
namespace {

// Words that more documents than this and than this share of all hold say little about the best
// turns: they do not expand a question. Small stores have none.
constexpr std::uint64_t kFeedbackDocsMax = 2'000, kFeedbackShare = 50;
// The same of related words: a tenth of a small store, so many of a larger one, this share of a
// large one.
constexpr std::uint64_t kRelatedShareSmall = 10, kRelatedDocsMin = 3, kRelatedDocsMax = 2'000,
                        kRelatedShare = 200;
// From here on reading the records of candidates costs more than finding them.
constexpr DocId kLargeStore = 20'000;
// While fewer documents than wanted are admitted, so many times as many are looked at.
constexpr std::size_t kMore = 4;

struct Weighted {
  TermList list;
  float weight = 0;  // times idf
  float idf = 0;
  int bit = -1;  // place in the mask of matched words, or none
};

// What the candidates of one session say about the question.
struct SessionEvidence {
  float squares = 0;        // of their sums
  std::uint32_t words = 0;  // of the question, as in a mask
};

// A document that is looked at closely.
struct Candidate {
  DocId doc = 0;
  DocRecord record;
  DocId prev2 = 0, next2 = 0;  // two turns away
  bool answers = false;        // the turn before is a question
};

// Robertson and Sparck Jones' idf as BM25 uses it, never negative.
float idf_of(std::uint64_t df, std::uint64_t live) {
  const double n = static_cast<double>(std::max<std::uint64_t>(live, df));
  const double d = static_cast<double>(df);
  return static_cast<float>(std::log(1.0 + (n - d + 0.5) / (d + 0.5)));
}

class Ranking {
 public:
  Ranking(IndexReader& reader, const Query& query, const Filter& filter, const Weights& weights,
          std::span<const float> likeness)
      : reader_(reader), query_(query), filter_(filter), w_(weights), likeness_(likeness) {}

  Result<std::vector<Ranked>> run(std::size_t wanted) {
    wanted_ = wanted;
    const float first = reader_.docs() > kLargeStore ? w_.first_of_many : w_.first;
    first_ = std::max(static_cast<std::size_t>(first), wanted);
    const std::size_t places = std::size_t{reader_.docs()} + 1;
    words_.assign(places, 0.0F);
    masks_.assign(places, 0);
    fill_norms();
    CORTEX_ASSIGN(auto terms, query_terms());
    if (scale_ <= 0 && !likeness_.empty()) scale_ = 1;  // no word is known, but vectors are
    CORTEX_TRY(accumulate(terms));
    CORTEX_TRY(leave_out_kind());
    CORTEX_TRY(find_alike());
    CORTEX_TRY(choose());
    const auto feedback_docs = static_cast<std::size_t>(w_.feedback_docs);
    score_all(w_.feedback > 0 ? feedback_docs : wanted);
    if (w_.feedback > 0 && !hits_.empty()) {
      CORTEX_ASSIGN(const bool expanded, feed_back());
      if (expanded) CORTEX_TRY(choose());
      score_all(wanted);
    }
    if (hits_.size() > wanted) hits_.resize(wanted);
    normalise();
    return std::move(hits_);
  }

  // Scores of different questions become comparable: 1 is what a turn of average length gets that
  // holds every word of the question once.
  void normalise() {
    if (scale_ <= 0) return;
    for (Ranked& hit : hits_) {
      hit.score /= scale_;
      for (float* part : {&hit.parts.words, &hit.parts.neighbours, &hit.parts.session,
                          &hit.parts.coverage, &hit.parts.vectors}) {
        *part /= scale_;
      }
    }
  }

 private:
  void fill_norms() {
    const float average = reader_.average_length();
    for (std::size_t code = 0; code < norms_.size(); ++code) {
      const float length = decode_length(static_cast<std::uint8_t>(code));
      norms_[code] = w_.k1 * (1 - w_.b + w_.b * length / average);
    }
  }

  // The words of the question that the index knows, most telling first.
  Result<std::vector<Weighted>> query_terms() {
    std::vector<Weighted> terms;
    const auto add = [&](Term term, float weight, bool counts) -> Status {
      CORTEX_ASSIGN(TermList list, reader_.find(term));
      if (list.df == 0) return {};
      const float idf = idf_of(list.df, reader_.live());
      const int bit = counts ? new_bit(weight * idf) : -1;
      terms.push_back({std::move(list), weight * idf, idf, bit});
      return {};
    };
    for (const QueryTerm& t : query_.terms) {
      const bool whole = t.field == Field::kWhole;
      float weight = whole ? w_.whole : 1.0F;
      if (w_.named != 1 && t.name != 0) {
        // Who speaks rarely says the own name; the turns that say it are spoken to that person.
        CORTEX_ASSIGN(const TermList speaks, reader_.find(t.name, 0));
        if (speaks.df > 0) weight *= w_.named;
      }
      CORTEX_TRY(add(t.term, weight, !whole));
      known_.push_back(t.term);
    }
    for (const Weighted& term : terms) scale_ += term.weight;
    CORTEX_TRY(add_related(terms));
    std::ranges::stable_sort(terms, std::ranges::greater{}, &Weighted::weight);
    return terms;
  }

  // Who says a word for one of the question has said that one, only that it counts less: at most as
  // much as the word itself would. A word that nobody says is worth as much as the most frequent
  // one that is said for it. What is said everywhere stands for nothing.
  Status add_related(std::vector<Weighted>& terms) {
    struct Asked {
      float idf = std::numeric_limits<float>::max();
      int bit = -1;
      bool known = false;
    };
    std::vector<Asked> asked(query_.terms.size());
    for (const Weighted& term : terms) {
      const auto of = std::ranges::find(query_.terms, term.list.term, &QueryTerm::term);
      asked[static_cast<std::size_t>(of - query_.terms.begin())] = {term.idf, term.bit, true};
    }
    const std::uint64_t live = reader_.live();
    const std::uint64_t most = std::max({std::min(live / kRelatedShareSmall, kRelatedDocsMax),
                                         live / kRelatedShare, kRelatedDocsMin});
    std::vector<std::pair<TermList, RelatedWord>> said;
    for (const RelatedWord& word : query_.related) {
      if (weight_of(word) <= 0) continue;
      CORTEX_ASSIGN(TermList list, reader_.find(word.term, most));
      if (list.df == 0 || list.df > most) continue;
      Asked& of = asked[word.of];
      if (!of.known) of.idf = std::min(of.idf, idf_of(list.df, live));
      said.emplace_back(std::move(list), word);
    }
    for (auto& [list, word] : said) {
      Asked& of = asked[word.of];
      if (!of.known) {
        of.known = true;
        of.bit = new_bit(of.idf);
        scale_ += of.idf;
      }
      const float idf = std::min(idf_of(list.df, live), of.idf);
      terms.push_back({std::move(list), weight_of(word) * idf, idf, of.bit});
    }
    return {};
  }

  float weight_of(const RelatedWord& word) const {
    return word.broader ? w_.related_broader : w_.related;
  }

  // A place in the mask of matched words, or none.
  int new_bit(float idf) {
    if (idfs_.size() == kMaskWords) return -1;
    idfs_.push_back(idf);
    return static_cast<int>(idfs_.size()) - 1;
  }

  // Okapi BM25 (Robertson et al., TREC-3), term after term, so that sums do not depend on how the
  // index is cut into segments. Every list is read as a whole: the turns around a candidate count
  // with all their words, so leaving out those that cannot be candidates would change scores.
  Status accumulate(const std::vector<Weighted>& terms) {
    for (const Weighted& term : terms) {
      const float weight = term.weight * (w_.k1 + 1);
      const std::uint32_t bit = term.bit >= 0 ? 1U << static_cast<unsigned>(term.bit) : 0U;
      fill_gains(weight);
      float* const words = words_.data();
      std::uint32_t* const masks = masks_.data();
      const float* const gains = gains_.data();
      CORTEX_TRY(reader_.for_each(term.list, [&](const PostingBlock& block) {
        const std::uint32_t* const docs = block.docs.data();
        const std::uint8_t *const counts = block.counts.data(), *const lengths =
                                                                    block.lengths.data();
        for (std::size_t i = 0; i < block.size; ++i) {
          const std::size_t count = counts[i];
          words[docs[i]] += count < kGainCounts ? gains[count * kLengthCodes + lengths[i]]
                                                : gain(weight, counts[i], lengths[i]);
        }
        if (bit == 0) return;
        for (std::size_t i = 0; i < block.size; ++i) masks[docs[i]] |= bit;
      }));
    }
    return {};
  }

  // Documents of a kind that is not asked for are no candidates, however many of them hold the
  // words. Neighbours are of one kind, so no score of the others changes.
  Status leave_out_kind() {
    if (filter_.events == filter_.memories) return {};
    if (!memories_) {
      CORTEX_ASSIGN(memories_, reader_.find(kMemoryTerm));
    }
    std::vector<float> kept(filter_.memories ? words_.size() : 0);
    CORTEX_TRY(reader_.for_each(*memories_, [&](const PostingBlock& block) {
      for (std::size_t i = 0; i < block.size; ++i) {
        const DocId doc = block.docs[i];
        if (filter_.memories) kept[doc] = words_[doc];
        words_[doc] = 0;
      }
    }));
    if (filter_.memories) words_.swap(kept);
    return {};
  }

  float gain(float weight, std::uint8_t count, std::uint8_t length) const {
    const auto tf = static_cast<float>(count);
    return weight * tf / (tf + norms_[length]);
  }
  // What a word adds, for the counts that are frequent.
  void fill_gains(float weight) {
    for (std::size_t count = 0; count < kGainCounts; ++count) {
      for (std::size_t length = 0; length < kLengthCodes; ++length) {
        gains_[count * kLengthCodes + length] =
            gain(weight, static_cast<std::uint8_t>(count), static_cast<std::uint8_t>(length));
      }
    }
  }

  // Those of the highest `values`, the first ones of equal ones.
  static void keep_best(std::vector<DocId>& docs, std::size_t count,
                        std::span<const float> values) {
    if (docs.size() <= count) return;
    std::ranges::nth_element(docs, docs.begin() + static_cast<std::ptrdiff_t>(count),
                             [values](DocId a, DocId b) {
                               return values[a] != values[b] ? values[a] > values[b] : a < b;
                             });
    docs.resize(count);
  }
  // Whether one of kAtOnce sums is above `least`. Counted without a branch, so that compilers
  // compare several at once.
  static bool any_above(const float* sums, float least) {
    std::uint32_t above = 0;
    for (std::size_t i = 0; i < kAtOnce; ++i) above += sums[i] > least ? 1U : 0U;
    return above != 0;
  }
  // The best `count` documents by words. One pass: whatever is not above the least of the best so
  // far is passed by, and of equal ones the first is the better one.
  std::vector<DocId> best_by_words(std::size_t count) const {
    std::vector<DocId> best;
    float least = 0;
    const float* const words = words_.data();
    const std::size_t end = words_.size();
    for (std::size_t begin = 0; begin < end; begin += kAtOnce) {
      const std::size_t stop = std::min(end, begin + kAtOnce);
      if (stop == begin + kAtOnce && !any_above(words + begin, least)) continue;
      for (std::size_t doc = begin; doc < stop; ++doc) {
        if (words[doc] > least) best.push_back(static_cast<DocId>(doc));
      }
      if (best.size() >= 2 * count) {
        keep_best(best, count, words_);
        least = words[best.front()];
        for (const DocId kept : best) least = std::min(least, words[kept]);
      }
    }
    keep_best(best, count, words_);
    return best;
  }

  bool counts(DocId doc, const DocRecord& record) const {
    return (record.flags & kFlagDeleted) == 0 && !reader_.is_hidden(doc, record) &&
           filter_.admits(record);
  }

  // The best by words: of one session, or more and more of all until enough of them are admitted.
  // `docs` are they and their neighbours, in any order.
  Status best_admitted(std::vector<DocId>& docs) {
    std::vector<DocId> best;
    const auto look = [&]() -> Result<std::size_t> {
      std::size_t admitted = 0;
      docs = best;
      auto known = candidates_.begin();  // of the round before
      for (const DocId doc : best) {
        while (known != candidates_.end() && known->doc < doc) ++known;
        const DocRecord* record = nullptr;
        if (known != candidates_.end() && known->doc == doc) {
          record = &known->record;
        } else {
          CORTEX_ASSIGN(record, reader_.record(doc));
        }
        if (record->prev != 0) docs.push_back(record->prev);
        if (record->next != 0) docs.push_back(record->next);
        if (counts(doc, *record)) ++admitted;
      }
      return admitted;
    };
    if (filter_.session) {
      CORTEX_ASSIGN(best, reader_.session_docs(*filter_.session));
      std::erase_if(best, [&](DocId doc) { return words_[doc] <= 0; });
      keep_best(best, first_, words_);
      std::ranges::sort(best);
      CORTEX_TRY(look());
      return {};
    }
    for (std::size_t size = first_;; size *= kMore) {
      best = best_by_words(size);
      std::ranges::sort(best);  // so that records are read in the order in which they lie
      CORTEX_ASSIGN(const std::size_t admitted, look());
      if (admitted >= wanted_ || best.size() < size) return {};
    }
  }

  // The admitted documents whose vectors are most like that of the question: as by words, more and
  // more are looked at until there are enough.
  Status find_alike() {
    std::vector<DocId> alike;
    for (std::size_t doc = 1; doc < likeness_.size(); ++doc) {
      if (likeness_[doc] > 0) alike.push_back(static_cast<DocId>(doc));
    }
    const auto enough = static_cast<std::size_t>(w_.vector_docs);
    for (std::size_t size = enough;; size *= kMore) {
      std::vector<DocId> looked = alike;
      keep_best(looked, size, likeness_);
      std::ranges::sort(looked);  // so that records are read in the order in which they lie
      alike_.clear();
      for (const DocId doc : looked) {
        CORTEX_ASSIGN(const DocRecord* record, reader_.record(doc));
        if (counts(doc, *record)) alike_.push_back(doc);
      }
      if (alike_.size() >= enough || looked.size() < size) break;
    }
    keep_best(alike_, enough, likeness_);
    return {};
  }

  // The candidates: the best by words, those that are most alike, and neighbours. What is known of
  // a candidate of the round before is kept.
  Status choose() {
    std::vector<DocId> docs;
    CORTEX_TRY(best_admitted(docs));
    docs.insert(docs.end(), alike_.begin(), alike_.end());
    std::ranges::sort(docs);
    docs.erase(std::ranges::unique(docs).begin(), docs.end());
    std::vector<Candidate> before = std::move(candidates_);
    candidates_.clear();
    candidates_.reserve(docs.size());
    auto known = before.begin();
    for (const DocId doc : docs) {
      while (known != before.end() && known->doc < doc) ++known;
      if (known != before.end() && known->doc == doc) {
        candidates_.push_back(*known);
      } else {
        CORTEX_ASSIGN(candidates_.emplace_back(), candidate(doc));
      }
    }
    return {};
  }

  Result<Candidate> candidate(DocId doc) {
    CORTEX_ASSIGN(const DocRecord* record, reader_.record(doc));
    Candidate out{doc, *record};
    if (out.record.prev != 0) {
      CORTEX_ASSIGN(const DocRecord* r, reader_.record(out.record.prev));
      out.prev2 = r->prev;
      out.answers = (r->flags & kFlagQuestion) != 0;
    }
    if (out.record.next != 0) {
      CORTEX_ASSIGN(const DocRecord* r, reader_.record(out.record.next));
      out.next2 = r->next;
    }
    return out;
  }

  float words(DocId doc) const { return doc == 0 ? 0.0F : words_[doc]; }

  // Scores the candidates; the best `count` come first, in order.
  void score_all(std::size_t count) {
    hits_.clear();
    sessions_.clear();
    for (const Candidate& c : candidates_) {
      if (c.record.session == 0) continue;
      SessionEvidence& session = sessions_[c.record.session];
      session.squares += words_[c.doc] * words_[c.doc];
      session.words |= masks_[c.doc];
    }
    for (const Candidate& c : candidates_) {
      if (!counts(c.doc, c.record)) continue;
      const Ranked hit = score(c);
      if (hit.score > 0) hits_.push_back(hit);
    }
    const auto end = hits_.begin() + static_cast<std::ptrdiff_t>(std::min(count, hits_.size()));
    std::ranges::partial_sort(hits_, end, [](const Ranked& a, const Ranked& b) {
      if (a.score != b.score) return a.score > b.score;
      if (a.kind != b.kind) return a.kind > b.kind;
      return a.ref < b.ref;
    });
  }

  Ranked score(const Candidate& c) {
    const DocRecord& record = c.record;
    Ranked hit{c.doc, record.kind, record.ref, 0, false, {}};
    Parts& p = hit.parts;
    p.words = words(c.doc);
    p.neighbours = (c.answers ? w_.prev1 + w_.answer : w_.prev1) * words(record.prev) +
                   w_.next1 * words(record.next) + w_.prev2 * words(c.prev2) +
                   w_.next2 * words(c.next2);
    if (record.session != 0) {
      const SessionEvidence& session = sessions_[record.session];
      p.session =
          w_.session * std::sqrt(session.squares) + w_.session_coverage * share_of(session.words);
    }
    const float covered = coverage(c);
    hit.direct = covered > 0;
    p.coverage = w_.coverage * covered;
    if (c.doc < likeness_.size()) {
      p.vectors = w_.vectors * scale_ * std::max(0.0F, likeness_[c.doc]);
    }
    p.speaker = names(record) ? 1 + w_.speaker : 1;
    if ((record.flags & kFlagQuestion) != 0) p.question = 1 - w_.question;
    if (w_.length != 0) {
      p.length = 1 + w_.length * std::log2(1 + static_cast<float>(record.length) / 8.0F);
    }
    const bool when = query_.asks == Asks::kWhen && (record.flags & kFlagTemporal) != 0;
    const bool number = query_.asks == Asks::kHowMany && (record.flags & kFlagNumber) != 0;
    p.cue = 1 + (when ? w_.when : 0) + (number ? w_.how_many : 0);
    for (const TimeSpan& span : query_.times) {
      if (span.contains(record.time)) p.time = 1 + w_.time;
    }
    hit.score = (p.words + p.neighbours + p.session + p.coverage + p.vectors) * p.speaker *
                p.question * p.length * p.cue * p.time;
    return hit;
  }

  // The idf of the question's words that a mask holds.
  float share_of(std::uint32_t words) const {
    float sum = 0;
    for (std::size_t i = 0; i < idfs_.size(); ++i) {
      if ((words >> i & 1U) != 0) sum += idfs_[i];
    }
    return sum;
  }

  // Share of the question, by idf, that the turn and the four around it speak of.
  float coverage(const Candidate& c) const {
    const auto mask = [&](DocId d) { return d == 0 ? 0U : masks_[d]; };
    const std::uint32_t own = mask(c.doc), beside = mask(c.record.prev) | mask(c.record.next);
    const std::uint32_t around = mask(c.prev2) | mask(c.next2);
    float sum = 0;
    for (std::size_t i = 0; i < idfs_.size(); ++i) {
      const auto has = [i](std::uint32_t words) { return (words >> i & 1U) != 0; };
      sum += idfs_[i] * (has(own) ? 1.0F : has(beside) ? 0.5F : has(around) ? w_.coverage2 : 0.0F);
    }
    return sum;
  }

  bool names(const DocRecord& record) const {
    const auto said = [&](std::uint32_t print) {
      return print != 0 && std::ranges::find(query_.names, print) != query_.names.end();
    };
    return said(record.speaker & 0xFFFFU) || said(record.speaker >> 16U);
  }

  // RM3 (Lavrenko and Croft; Abdul-Jaleel et al., TREC 2004): the words of the best documents, by
  // how often and how high, are searched too. False when there are none.
  Result<bool> feed_back() {
    std::unordered_map<Term, float> found;
    std::vector<Term> order;
    std::vector<DocTerm> terms;
    const auto docs = std::min(static_cast<std::size_t>(w_.feedback_docs), hits_.size());
    float total = 0;
    for (std::size_t i = 0; i < docs; ++i) total += hits_[i].score;
    for (std::size_t i = 0; i < docs; ++i) {
      std::uint16_t length = 0;
      CORTEX_TRY(reader_.forward(hits_[i].doc, length, terms));
      const float share = hits_[i].score / total / static_cast<float>(std::max<int>(length, 8));
      for (const DocTerm& t : terms) {
        if (!t.body || std::ranges::find(known_, t.term) != known_.end()) continue;
        const auto [slot, fresh] = found.try_emplace(t.term, 0.0F);
        if (fresh) order.push_back(t.term);
        slot->second += share * static_cast<float>(t.count);
      }
    }
    std::ranges::stable_sort(
        order, [&](Term a, Term b) { return found[a] != found[b] ? found[a] > found[b] : a < b; });
    CORTEX_ASSIGN(const auto more, weighted(order, found));
    if (more.empty()) return false;
    CORTEX_TRY(accumulate(more));
    CORTEX_TRY(leave_out_kind());
    return true;
  }

  // The first of `order` that are not everywhere, each with its share of the weight of feedback.
  Result<std::vector<Weighted>> weighted(const std::vector<Term>& order,
                                         std::unordered_map<Term, float>& found) {
    const auto wanted = static_cast<std::size_t>(w_.feedback_terms);
    const std::uint64_t most = std::max(kFeedbackDocsMax, reader_.live() / kFeedbackShare);
    std::vector<Weighted> terms;
    float sum = 0;
    for (std::size_t i = 0; i < std::min(order.size(), 2 * wanted); ++i) {
      if (terms.size() == wanted) break;
      CORTEX_ASSIGN(TermList list, reader_.find(order[i], most));
      if (list.df > most) continue;
      sum += found[order[i]];
      terms.push_back({std::move(list), 0, 0, -1});
    }
    for (Weighted& term : terms) {
      term.idf = idf_of(term.list.df, reader_.live());
      term.weight =
          w_.feedback * found[term.list.term] / sum * term.idf * static_cast<float>(idfs_.size());
    }
    return terms;
  }

  IndexReader& reader_;
  const Query& query_;
  const Filter& filter_;
  const Weights& w_;
  std::span<const float> likeness_;
  static constexpr std::size_t kLengthCodes = 256, kGainCounts = 4, kAtOnce = 32, kMaskWords = 32;
  std::size_t first_ = 0, wanted_ = 0;
  float scale_ = 0;  // sum of the weights of the question's words
  std::array<float, kLengthCodes> norms_{};
  std::array<float, kGainCounts * kLengthCodes> gains_{};
  std::vector<float> words_, idfs_;
  std::vector<std::uint32_t> masks_;
  std::optional<TermList> memories_;   // once kinds matter
  std::vector<DocId> alike_;           // candidates by their vectors
  std::vector<Candidate> candidates_;  // in order of documents
  std::unordered_map<std::uint32_t, SessionEvidence> sessions_;
  std::vector<Term> known_;
  std::vector<Ranked> hits_;
};

}  // namespace

bool Filter::admits(const DocRecord& r) const {
  if (!(r.kind == Kind::kEvent ? events : memories)) return false;
  if (active_only && (r.flags & kFlagActive) == 0) return false;
  if (session && r.session != *session) return false;
  if (sources && std::ranges::find(*sources, r.source) == sources->end()) return false;
  if (since && r.time < *since) return false;
  if (until && r.time >= *until) return false;
  return !as_of || static_cast<std::int64_t>(r.observed) <= *as_of;
}

Result<std::vector<Ranked>> rank(IndexReader& reader, const Query& query, const Filter& filter,
                                 std::size_t wanted, const Weights& weights,
                                 std::span<const float> likeness) {
  if (query.terms.empty() || reader.docs() == 0) return std::vector<Ranked>();
  return Ranking(reader, query, filter, weights, likeness).run(wanted);
}

}  // namespace cortex::retrieval
