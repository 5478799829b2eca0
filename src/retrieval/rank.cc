#include "retrieval/rank.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <unordered_map>

namespace cortex::retrieval {
namespace {

// Lists from here on are worth the question whether they can add anything new.
constexpr std::uint64_t kLongList = 20'000;

struct Weighted {
  TermList list;
  float weight = 0;  // times idf
  float idf = 0;
  int bit = -1;  // place in the mask of matched words, or none
};

// Robertson and Sparck Jones' idf as BM25 uses it, never negative.
float idf_of(std::uint64_t df, std::uint64_t live) {
  const double n = static_cast<double>(std::max<std::uint64_t>(live, df));
  const double d = static_cast<double>(df);
  return static_cast<float>(std::log(1.0 + (n - d + 0.5) / (d + 0.5)));
}

class Ranking {
 public:
  Ranking(IndexReader& reader, const Query& query, const Filter& filter, const Weights& weights)
      : reader_(reader), query_(query), filter_(filter), w_(weights) {}

  Result<std::vector<Ranked>> run(std::size_t wanted) {
    first_ = std::max(static_cast<std::size_t>(w_.first), wanted);
    words_.assign(reader_.docs() + 1, 0.0F);
    masks_.assign(reader_.docs() + 1, 0);
    fill_norms();
    CORTEX_ASSIGN(auto terms, query_terms());
    CORTEX_TRY(accumulate(terms));
    CORTEX_TRY(choose());
    CORTEX_TRY(score_all());
    if (w_.feedback > 0 && !hits_.empty()) {
      CORTEX_TRY(feed_back());
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
      for (float* part :
           {&hit.parts.words, &hit.parts.neighbours, &hit.parts.session, &hit.parts.coverage}) {
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
      const int bit = counts && idfs_.size() < 32 ? static_cast<int>(idfs_.size()) : -1;
      if (bit >= 0) idfs_.push_back(weight * idf);
      terms.push_back({std::move(list), weight * idf, idf, bit});
      return {};
    };
    for (const QueryTerm& t : query_.terms) {
      const bool whole = t.field == Field::kWhole;
      float weight = whole ? w_.whole : 1.0F;
      if (w_.named != 1 && t.name != 0) {
        // Who speaks rarely says the own name; the turns that say it are spoken to that person.
        CORTEX_ASSIGN(const TermList speaks, reader_.find(t.name));
        if (speaks.df > 0) weight *= w_.named;
      }
      CORTEX_TRY(add(t.term, weight, !whole));
      known_.push_back(t.term);
    }
    for (const Weighted& term : terms) scale_ += term.weight;
    std::ranges::stable_sort(terms, std::ranges::greater{}, &Weighted::weight);
    return terms;
  }

  // Okapi BM25 (Robertson et al., TREC-3), term after term, so that sums do not depend on how the
  // index is cut into segments. Before a long list it is asked whether a document that has none of
  // the words so far could still come among the first ones; if not, the list only adds to those
  // that are there already (MaxScore: Turtle and Flood, 1995).
  Status accumulate(const std::vector<Weighted>& terms) {
    const auto all = [](DocId, DocId, const Chunk&) { return true; };
    float left = 0;
    for (const Weighted& term : terms) left += term.weight * (w_.k1 + 1);
    for (const Weighted& term : terms) {
      const float weight = term.weight * (w_.k1 + 1);
      const bool open = term.list.df < kLongList || left >= first_score();
      const std::uint32_t bit = term.bit >= 0 ? 1U << static_cast<unsigned>(term.bit) : 0U;
      CORTEX_TRY(
          reader_.for_each(term.list, all, [&](DocId doc, std::uint8_t count, std::uint8_t length) {
            if (words_[doc] == 0.0F) {
              if (!open) return;
              touched_.push_back(doc);
            }
            const auto tf = static_cast<float>(count);
            words_[doc] += weight * tf / (tf + norms_[length]);
            masks_[doc] |= bit;
          }));
      left -= weight;
    }
    return {};
  }

  // The score of the last one of the first ones, 0 while there are fewer.
  float first_score() {
    if (touched_.size() < first_) return 0;
    scores_.clear();
    for (const DocId doc : touched_) scores_.push_back(words_[doc]);
    const auto last = scores_.begin() + static_cast<std::ptrdiff_t>(first_ - 1);
    std::ranges::nth_element(scores_, last, std::ranges::greater{});
    return *last;
  }

  // The candidates: the best by words that the filter admits, and their neighbours.
  Status choose() {
    const auto better = [&](DocId a, DocId b) {
      return words_[a] != words_[b] ? words_[a] > words_[b] : a < b;
    };
    std::vector<DocId> best = touched_;
    if (best.size() > first_) {
      std::ranges::nth_element(best, best.begin() + static_cast<std::ptrdiff_t>(first_), better);
      best.resize(first_);
    }
    candidates_ = best;
    CORTEX_TRY(reader_.load_records(best));
    for (const DocId doc : best) {
      CORTEX_ASSIGN(const DocRecord* record, reader_.record(doc));
      if (record->prev != 0) candidates_.push_back(record->prev);
      if (record->next != 0) candidates_.push_back(record->next);
    }
    std::ranges::sort(candidates_);
    candidates_.erase(std::ranges::unique(candidates_).begin(), candidates_.end());
    return {};
  }

  float words(DocId doc) const { return doc == 0 ? 0.0F : words_[doc]; }

  Status score_all() {
    hits_.clear();
    records_.clear();
    sessions_.clear();
    CORTEX_TRY(reader_.load_records(candidates_));
    for (const DocId doc : candidates_) {
      CORTEX_ASSIGN(const DocRecord* record, reader_.record(doc));
      records_.push_back(*record);
      if (record->session != 0) {
        float& sum = sessions_[record->session];
        sum = std::max(sum, 0.0F) + words_[doc] * words_[doc];
      }
    }
    for (std::size_t i = 0; i < candidates_.size(); ++i) {
      const DocRecord& record = records_[i];
      if ((record.flags & kFlagDeleted) != 0 || reader_.is_hidden(candidates_[i], record) ||
          !filter_.admits(record)) {
        continue;
      }
      CORTEX_ASSIGN(Ranked hit, score(candidates_[i], record));
      if (hit.score > 0) hits_.push_back(hit);
    }
    std::ranges::sort(hits_, [](const Ranked& a, const Ranked& b) {
      if (a.score != b.score) return a.score > b.score;
      if (a.kind != b.kind) return a.kind > b.kind;
      return a.ref < b.ref;
    });
    return {};
  }

  Result<Ranked> score(DocId doc, const DocRecord& record) {
    Ranked hit{doc, record.kind, record.ref, 0, false, {}};
    Parts& p = hit.parts;
    p.words = words(doc);
    DocId prev2 = 0, next2 = 0;
    bool answers = false;
    if (record.prev != 0) {
      CORTEX_ASSIGN(const DocRecord* r, reader_.record(record.prev));
      prev2 = r->prev;
      answers = (r->flags & kFlagQuestion) != 0;
    }
    if (record.next != 0) {
      CORTEX_ASSIGN(const DocRecord* r, reader_.record(record.next));
      next2 = r->next;
    }
    p.neighbours = (answers ? w_.prev1 + w_.answer : w_.prev1) * words(record.prev) +
                   w_.next1 * words(record.next) + w_.prev2 * words(prev2) +
                   w_.next2 * words(next2);
    if (record.session != 0) p.session = w_.session * std::sqrt(sessions_[record.session]);
    const float covered = coverage(doc, record, prev2, next2);
    hit.direct = covered > 0;
    p.coverage = w_.coverage * covered;
    p.speaker = names(record) ? 1 + w_.speaker : 1;
    if ((record.flags & kFlagQuestion) != 0) p.question = 1 - w_.question;
    p.length = 1 + w_.length * std::log2(1 + static_cast<float>(record.length) / 8.0F);
    const bool when = query_.asks == Asks::kWhen && (record.flags & kFlagTemporal) != 0;
    const bool number = query_.asks == Asks::kHowMany && (record.flags & kFlagNumber) != 0;
    p.cue = 1 + (when ? w_.when : 0) + (number ? w_.how_many : 0);
    for (const TimeSpan& span : query_.times) {
      if (span.contains(record.time)) p.time = 1 + w_.time;
    }
    hit.score = (p.words + p.neighbours + p.session + p.coverage) * p.speaker * p.question *
                p.length * p.cue * p.time;
    return hit;
  }

  // Share of the question, by idf, that the turn and the four around it speak of.
  float coverage(DocId doc, const DocRecord& record, DocId prev2, DocId next2) const {
    const auto mask = [&](DocId d) { return d == 0 ? 0U : masks_[d]; };
    const std::uint32_t own = mask(doc), beside = mask(record.prev) | mask(record.next);
    const std::uint32_t around = mask(prev2) | mask(next2);
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
  // how often and how high, are searched too.
  Status feed_back() {
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
    order.resize(std::min(order.size(), static_cast<std::size_t>(w_.feedback_terms)));
    std::vector<Weighted> more;
    float sum = 0;
    for (const Term term : order) sum += found[term];
    for (const Term term : order) {
      CORTEX_ASSIGN(TermList list, reader_.find(term));
      const float idf = idf_of(list.df, reader_.live());
      more.push_back({std::move(list),
                      w_.feedback * found[term] / sum * idf * static_cast<float>(idfs_.size()), idf,
                      -1});
    }
    CORTEX_TRY(accumulate(more));
    CORTEX_TRY(choose());
    return score_all();
  }

  IndexReader& reader_;
  const Query& query_;
  const Filter& filter_;
  const Weights& w_;
  std::size_t first_ = 0;
  float scale_ = 0;  // sum of the weights of the question's words
  std::array<float, 256> norms_{};
  std::vector<float> words_, idfs_, scores_;
  std::vector<std::uint32_t> masks_;
  std::vector<DocId> touched_, candidates_;
  std::vector<DocRecord> records_;
  std::unordered_map<std::uint32_t, float> sessions_;
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
                                 std::size_t wanted, const Weights& weights) {
  if (query.terms.empty() || reader.docs() == 0) return std::vector<Ranked>();
  return Ranking(reader, query, filter, weights).run(wanted);
}

}  // namespace cortex::retrieval
