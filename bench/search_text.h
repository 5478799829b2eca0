// Text for the measurement of search, the same on every machine: words by Zipf and Mandelbrot's
// law, half of them small words as in English, a third of the others of the thesaurus
// (related_words.h), lengths by a log-normal law, sessions that keep to a subject, and questions
// about what was said.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "retrieval/related_words.h"

namespace cortex::bench {

class Random {  // SplitMix64 (Steele, Lea, Flood 2014)
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    std::uint64_t z = state_ += 0x9E3779B97F4A7C15ULL;
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31U);
  }
  std::uint64_t below(std::uint64_t limit) { return next() % limit; }
  double unit() { return static_cast<double>(next() >> 11U) * 0x1p-53; }
  double normal() {  // Box and Muller 1958
    return std::sqrt(-2 * std::log(1 - unit())) * std::cos(6.283185307179586 * unit());
  }

 private:
  std::uint64_t state_;
};

struct Turn {
  std::uint64_t session = 0;
  std::string speaker, text;
};

class TextSource {
 public:
  static constexpr std::size_t kWords = 120'000;
  static constexpr std::uint64_t kTurnsOfSession = 24;

  explicit TextSource(std::uint64_t seed) : seed_(seed) {
    double sum = 0;
    for (std::size_t rank = 0; rank < kWords; ++rank) {
      sum += 1 / std::pow(static_cast<double>(rank) + 10, 1.05);
      cumulated_.push_back(sum);
    }
    retrieval::for_each_related(
        [&](std::string_view word, std::string_view) { english_.emplace_back(word); });
  }

  // The turn depends on its number alone.
  Turn turn(std::uint64_t number) const {
    Turn out;
    out.session = number / kTurnsOfSession;
    Random session(seed_ ^ (out.session * 2 + 1) << 20U);
    std::array<std::size_t, 16> subject{};
    for (std::size_t& word : subject) word = draw(session);
    const std::uint64_t first = session.below(kNames), second = session.below(kNames);
    out.speaker = name(number % 2 == 0 ? first : second);
    Random random(seed_ ^ number * 2 << 20U);
    const double length = std::exp(std::log(24.0) + 0.7 * random.normal());
    for (auto left = static_cast<int>(std::clamp(length, 2.0, 600.0)); left > 0; --left) {
      const double kind = random.unit();
      append(out.text, kind < 0.45   ? small(random)
                       : kind < 0.57 ? word(subject[random.below(subject.size())])
                                     : word(draw(random)));
    }
    out.text += number % 7 == 3 ? '?' : '.';
    return out;
  }

  // 4 to 12 words: small ones, some of one turn, some of its session, some at random; every third
  // names a speaker.
  std::string question(std::uint64_t number, std::uint64_t turns) const {
    Random random(seed_ ^ 0xF00DULL ^ number << 24U);
    const std::uint64_t about = random.below(turns);
    const Turn turn = this->turn(about);
    const Turn beside = this->turn(about / kTurnsOfSession * kTurnsOfSession);
    std::string out;
    for (auto left = static_cast<int>(4 + random.below(9)); left > 0; --left) {
      const double kind = random.unit();
      append(out, kind < 0.35   ? small(random)
                  : kind < 0.75 ? picked(turn.text, random)
                  : kind < 0.85 ? picked(beside.text, random)
                                : word(draw(random)));
    }
    if (number % 3 == 0) append(out, turn.speaker);
    return out + "?";
  }

 private:
  static constexpr std::uint64_t kNames = 400;

  static void append(std::string& out, std::string_view word) {
    if (!out.empty()) out += ' ';
    out += word;
  }
  static std::string small(Random& random) {
    static constexpr std::array<std::string_view, 40> kSmall{
        "the", "of",    "and",   "to",   "a",  "in",   "that", "is",   "was",  "it",
        "for", "on",    "with",  "as",   "at", "be",   "this", "by",   "from", "have",
        "or",  "not",   "are",   "but",  "we", "they", "you",  "what", "when", "who",
        "how", "their", "which", "then", "he", "she",  "my",   "our",  "will", "did"};
    return std::string(kSmall[random.below(kSmall.size())]);
  }
  std::size_t draw(Random& random) const {
    const double at = random.unit() * cumulated_.back();
    return static_cast<std::size_t>(std::ranges::lower_bound(cumulated_, at) - cumulated_.begin());
  }
  std::string word(std::size_t rank) const {
    constexpr std::size_t kEach = 3, kFirst = 1;
    return rank % kEach == kFirst ? english_[rank / kEach % english_.size()] : made(rank);
  }
  // Three syllables at least, so that no stemmer joins two of them and none is a small word.
  static std::string made(std::size_t rank) {
    static constexpr std::string_view kFirst = "bdfgklmnprtvz", kVowels = "aiou";
    std::string out;
    std::size_t left = rank + 3000;
    do {
      out += kFirst[left % kFirst.size()];
      left /= kFirst.size();
      out += kVowels[left % kVowels.size()];
      left /= kVowels.size();
    } while (left > 0);
    return out + 'k';
  }
  static std::string name(std::uint64_t number) {
    std::string out = made(500'000 + number);
    out.front() = static_cast<char>(out.front() - 'a' + 'A');
    return out;
  }
  static std::string picked(std::string_view text, Random& random) {
    const std::size_t at = random.below(text.size());
    std::size_t begin = text.rfind(' ', at);
    begin = begin == std::string_view::npos ? 0 : begin + 1;
    const std::size_t end = std::min(text.find(' ', begin), text.size());
    std::string out(text.substr(begin, end - begin));
    while (!out.empty() && (out.back() == '.' || out.back() == '?')) out.pop_back();
    return out;
  }

  std::uint64_t seed_;
  std::vector<double> cumulated_;
  std::vector<std::string> english_;
};

}  // namespace cortex::bench
