#include "retrieval/analyzer.h"

#include <libstemmer.h>

#include <algorithm>
#include <limits>

#include "retrieval/unicode.h"
#include "retrieval/word_forms.h"

namespace cortex::retrieval {
namespace {

constexpr std::size_t kCacheSlots = 1U << 14;
constexpr std::size_t kTextBytesMax = std::numeric_limits<std::uint32_t>::max();
// A whole is a run of parts joined by these; longer ones are data, not names.
constexpr std::string_view kJoiners = "_/.-:@#+\\";
constexpr std::size_t kWholeBytesMax = 256;

bool is_apostrophe(char32_t c) { return c == '\'' || c == 0x2019; }

bool is_word_class(CharClass c) {
  return c == CharClass::kLetter || c == CharClass::kDigit || c == CharClass::kMark;
}

// The language that a script belongs to; English stands for all others.
Language language_of_script(char32_t c, Language latin) {
  if (c < 0x370) return latin;
  if (c < 0x400) return Language::kGreek;
  if (c < 0x530) return Language::kRussian;
  if (c >= 0x600 && c < 0x700) return Language::kArabic;
  return latin;
}

}  // namespace

Analyzer::Analyzer() = default;

Analyzer::~Analyzer() {
  for (sb_stemmer* stemmer : stemmers_) {
    if (stemmer != nullptr) sb_stemmer_delete(stemmer);
  }
}

// Cuts one run of word characters at humps ("parseHTTPBody" -> parse, HTTP, Body).
void Analyzer::split_run(std::string_view text, std::size_t begin, std::size_t end) {
  Word word{static_cast<std::uint32_t>(begin), 0, true, false, true};
  bool previous_lower = false, previous_upper = false;
  const std::size_t first = words_.size();
  const auto close = [&](std::size_t at) {
    word.end = static_cast<std::uint32_t>(at);
    if (word.end > word.begin) words_.push_back(word);
    word = {static_cast<std::uint32_t>(at), 0, true, false, true};
  };
  for (std::size_t at = begin; at < end;) {
    const CodePoint c = decode_at(text, at);
    const CharClass kind = classify(c.value);
    const bool upper = kind == CharClass::kLetter && is_upper(c.value);
    const bool lower = kind == CharClass::kLetter && !upper;
    if (upper && previous_lower) {
      close(at);
    } else if (upper && previous_upper && at + c.size < end) {
      const CodePoint next = decode_at(text, at + c.size);
      if (next.value < 0x80 && next.value >= 'a' && next.value <= 'z') close(at);
    }
    word.ascii &= c.value < 0x80;
    word.digits &= kind == CharClass::kDigit;
    previous_lower = lower || (previous_lower && kind == CharClass::kDigit);
    previous_upper = upper;
    at += c.size;
  }
  close(end);
  if (words_.size() > first + 1) {
    wholes_.push_back(
        {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end), false, false, false});
  }
}

void Analyzer::find_words(std::string_view text) {
  words_.clear();
  wholes_.clear();
  std::size_t whole_begin = 0, whole_parts = 0, whole_end = 0;
  const auto close_whole = [&] {
    if (whole_parts > 1 && whole_end - whole_begin <= kWholeBytesMax) {
      wholes_.push_back({static_cast<std::uint32_t>(whole_begin),
                         static_cast<std::uint32_t>(whole_end), false, false, false});
    }
    whole_parts = 0;
  };
  for (std::size_t at = 0; at < text.size();) {
    CodePoint c = decode_at(text, at);
    CharClass kind = classify(c.value);
    if (kind == CharClass::kUnspaced) {
      const std::size_t begin = at;
      while (at < text.size()) {
        c = decode_at(text, at);
        kind = classify(c.value);
        if (kind != CharClass::kUnspaced && kind != CharClass::kMark) break;
        at += c.size;
      }
      close_whole();
      words_.push_back(
          {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(at), false, true, false});
      continue;
    }
    if (!is_word_class(kind)) {
      const bool joins = c.size == 1 && kJoiners.find(text[at]) != std::string_view::npos;
      if (whole_parts > 0 && !(joins && at + 1 < text.size())) close_whole();
      at += c.size;
      continue;
    }
    const std::size_t begin = at;
    while (at < text.size()) {
      c = decode_at(text, at);
      kind = classify(c.value);
      if (is_apostrophe(c.value) && at + c.size < text.size() &&
          classify(decode_at(text, at + c.size).value) == CharClass::kLetter) {
        at += c.size;
        continue;
      }
      if (!is_word_class(kind)) break;
      at += c.size;
    }
    if (whole_parts == 0) whole_begin = begin;
    ++whole_parts;
    whole_end = at;
    split_run(text, begin, at);
  }
  close_whole();
}

Language Analyzer::vote(std::string_view text) {
  std::array<int, kLanguages> votes{};
  constexpr std::size_t kLooked = 400;
  for (std::size_t i = 0; i < std::min(words_.size(), kLooked); ++i) {
    const Word& word = words_[i];
    if (word.unspaced || word.digits || word.end - word.begin > 12) continue;
    scratch_.clear();
    for (std::size_t at = word.begin; at < word.end;) {
      const CodePoint c = decode_at(text, at);
      append_folded(scratch_, is_apostrophe(c.value) ? '\'' : c.value, false);
      at += c.size;
    }
    for (std::uint32_t bits = languages_of(scratch_), i_language = 0; bits != 0;
         bits >>= 1U, ++i_language) {
      votes.at(i_language) += static_cast<int>(bits & 1U);
    }
  }
  std::size_t best = 0;
  for (std::size_t i = 1; i < votes.size(); ++i) {
    if (votes.at(i) > votes.at(best)) best = i;
  }
  // English unless something else is clearly so: short texts have few small words.
  const bool clear = votes.at(best) >= 2 && 2 * votes.at(best) > 3 * votes.at(0);
  return clear ? static_cast<Language>(best) : Language::kEnglish;
}

std::string_view Analyzer::stem(Language language, std::string_view word) {
  sb_stemmer*& stemmer = stemmers_.at(static_cast<std::size_t>(language));
  if (stemmer == nullptr) {
    stemmer = sb_stemmer_new(std::string(stemmer_name(language)).c_str(), "UTF_8");
    if (stemmer == nullptr) return word;  // out of memory only: the names are libstemmer's own
  }
  const auto* bytes = reinterpret_cast<const sb_symbol*>(word.data());
  const sb_symbol* out = sb_stemmer_stem(stemmer, bytes, static_cast<int>(word.size()));
  if (out == nullptr) return word;
  return {reinterpret_cast<const char*>(out), static_cast<std::size_t>(sb_stemmer_length(stemmer))};
}

const Analyzer::Cached& Analyzer::stemmed(Language language, std::string_view raw, bool ascii) {
  if (cache_.empty()) cache_.resize(kCacheSlots);
  const std::uint64_t key = (hash_term(Field::kBody, raw) << 4U | static_cast<unsigned>(language)) +
                            (std::uint64_t{1} << 60U);
  Cached& slot = cache_[key % kCacheSlots];
  if (slot.key == key) return slot;
  scratch_.clear();
  for (std::size_t at = 0; at < raw.size();) {
    const CodePoint c = decode_at(raw, at);
    append_folded(scratch_, is_apostrophe(c.value) ? '\'' : c.value, false);
    at += c.size;
  }
  const bool stop = is_stop_word(language, scratch_);
  const Language by_script = ascii || scratch_.empty()
                                 ? language
                                 : language_of_script(decode_at(scratch_, 0).value, language);
  const bool english = by_script == Language::kEnglish;
  const std::string_view root =
      stem(by_script, english ? base_form(scratch_) : std::string_view(scratch_));
  const Term term = hash_term(Field::kBody, ascii ? std::string(root) : folded(root, true));
  slot = {key, term, stop};
  return slot;
}

void Analyzer::emit_pairs(std::string_view text, const Word& word, std::vector<Token>& out) {
  std::size_t previous = word.begin;
  bool any = false;
  for (std::size_t at = word.begin; at < word.end;) {
    const std::size_t next = at + decode_at(text, at).size;
    if (at != word.begin || next == word.end) {
      const std::size_t from = at == word.begin ? at : previous;
      if (!any || from != at) {
        out.push_back({hash_term(Field::kBody, folded(text.substr(from, next - from), true)),
                       static_cast<std::uint32_t>(from), static_cast<std::uint32_t>(next),
                       Field::kBody});
        any = true;
      }
    }
    previous = at;
    at = next;
  }
}

void Analyzer::emit(Language language, std::string_view text, std::vector<Token>& out) {
  out.clear();
  std::size_t whole = 0;
  std::sort(wholes_.begin(), wholes_.end(),
            [](const Word& a, const Word& b) { return a.begin < b.begin; });
  const auto emit_wholes = [&](std::size_t before) {
    for (; whole < wholes_.size() && wholes_[whole].begin <= before; ++whole) {
      const Word& word = wholes_[whole];
      const std::string_view raw = text.substr(word.begin, word.end - word.begin);
      out.push_back(
          {hash_term(Field::kWhole, folded(raw, true)), word.begin, word.end, Field::kWhole});
    }
  };
  for (const Word& word : words_) {
    emit_wholes(word.begin);
    if (word.unspaced) {
      emit_pairs(text, word, out);
      continue;
    }
    std::size_t size = word.end - word.begin;
    if (size > kWordBytesMax) {
      size = kWordBytesMax;
      while (size > 0 && (static_cast<unsigned char>(text[word.begin + size]) & 0xC0U) == 0x80U) {
        --size;
      }
    }
    const Cached& found = stemmed(language, text.substr(word.begin, size), word.ascii);
    out.push_back({found.term, word.begin, word.end, Field::kBody, found.stop});
  }
  emit_wholes(text.size());
}

Language Analyzer::analyze(std::string_view text, std::vector<Token>& out) {
  text = text.substr(0, kTextBytesMax);
  find_words(text);
  const Language language = vote(text);
  emit(language, text, out);
  return language;
}

void Analyzer::analyze_names(std::string_view text, Field field, std::vector<Term>& out) {
  find_words(text);
  for (const Word& word : words_) {
    std::string name = folded(text.substr(word.begin, word.end - word.begin), true);
    if (name.ends_with("'s")) name.resize(name.size() - 2);
    out.push_back(hash_term(field, name));
  }
}

}  // namespace cortex::retrieval
