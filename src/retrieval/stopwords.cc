#include "retrieval/stopwords.h"

#include <array>
#include <string>
#include <unordered_map>

#include "base/text.h"

namespace cortex::retrieval {
namespace {

struct LanguageRow {
  std::string_view stemmer;
  std::string_view small_words;  // separated by blanks
};

// In the order of Language.
constexpr std::array<LanguageRow, kLanguages> kRows{{
    {"english",
     "a about above after again against all also am an and any are aren't as at be because been "
     "before being below between both but by can can't could couldn't did didn't do does doesn't "
     "doing don't down during each few for from further get got had hadn't has hasn't have haven't "
     "having he he'd he'll he's her here here's hers herself him himself his how i i'd i'll i'm "
     "i've if in into is isn't it it's its itself just let's me more most my myself no nor not of "
     "off on once only or other our ours ourselves out over own same she she'd she'll she's should "
     "so some such than that that's the their theirs them themselves then there there's these they "
     "they'd they'll they're they've this those through to too under until up very was wasn't we "
     "we'd we'll we're we've were weren't what what's when where which while who whom whose why "
     "will with won't would wouldn't you you'd you'll you're you've your yours yourself "
     "yourselves"},
    {"german",
     "der die das und ist nicht ein eine einen einem den dem des mit von zu auf im ich wir sie er "
     "es f\u00fcr auch sich aus bei nach wie was wer wo wann dass oder aber wird sind war haben "
     "hat"},
    {"french",
     "le la les des une et est pas que qui dans pour avec sur ce cette nous vous ils elle je il du "
     "au aux mais ou o\u00f9 sont \u00e9tait \u00eatre avoir comme quand comment d'un d'une c'est"},
    {"spanish",
     "el la los las una y es no que en para con por su sus al del se lo como pero m\u00e1s "
     "est\u00e1 son era "
     "fue cuando donde d\u00f3nde qu\u00e9 c\u00f3mo qui\u00e9n ella nosotros ellos muy este esta"},
    {"italian",
     "il lo la gli una e \u00e8 non che di per con su del della dei delle nel nella sono era come "
     "ma "
     "pi\u00f9 questo questa quando dove chi cosa anche ho hanno abbiamo"},
    {"portuguese",
     "o os as um uma e \u00e9 n\u00e3o que em para com por do da dos das no na nos nas ao se como "
     "mas mais "
     "s\u00e3o foi est\u00e1 quando onde ele ela n\u00f3s voc\u00ea isso este esta muito"},
    {"dutch",
     "de het een en is niet van voor met op aan dat die ik wij zij hij er maar of ook naar bij uit "
     "wat wie waar wanneer zijn was heeft hebben wordt"},
    {"swedish",
     "och att det som en ett \u00e4r inte p\u00e5 f\u00f6r med av den till har jag vi han hon de "
     "om var men s\u00e5 "
     "n\u00e4r d\u00e4r hur vad vem fr\u00e5n eller ocks\u00e5"},
    {"danish",
     "og at det som en et er ikke p\u00e5 for med af den til har jeg vi han hun de om var men "
     "s\u00e5 n\u00e5r "
     "hvor hvordan hvad hvem fra eller ogs\u00e5"},
    {"finnish",
     "ja on ei se ett\u00e4 oli mutta kun h\u00e4n min\u00e4 sin\u00e4 me te he t\u00e4m\u00e4 "
     "joka mit\u00e4 miss\u00e4 milloin kuka "
     "my\u00f6s niin kuin ovat olen"},
    {"russian",
     "\u0438 \u0432 \u043d\u0435 \u043d\u0430 \u044f \u0447\u0442\u043e \u043e\u043d \u0441 "
     "\u043a\u0430\u043a \u044d\u0442\u043e \u0430 \u0442\u043e \u0432\u0441\u0435 "
     "\u043e\u043d\u0430 \u0442\u0430\u043a \u0435\u0433\u043e \u043d\u043e \u0434\u0430 "
     "\u0442\u044b \u043a \u0443 \u0436\u0435 \u0432\u044b \u0437\u0430 \u0431\u044b \u043f\u043e "
     "\u0442\u043e\u043b\u044c\u043a\u043e \u0435\u0435 \u043c\u043d\u0435 "
     "\u0431\u044b\u043b\u043e \u0432\u043e\u0442 \u043e\u0442 \u043c\u0435\u043d\u044f \u043e "
     "\u0438\u0437 \u0435\u043c\u0443 \u043a\u043e\u0433\u0434\u0430 \u0433\u0434\u0435 "
     "\u043a\u0442\u043e"},
    {"greek",
     "\u03ba\u03b1\u03b9 \u03c4\u03bf \u03bd\u03b1 \u03b7 \u03bf \u03c4\u03bf\u03c5 "
     "\u03c4\u03b7\u03bd \u03c4\u03b1 \u03c4\u03b7\u03c2 \u03bc\u03b5 \u03b3\u03b9\u03b1 "
     "\u03c0\u03bf\u03c5 \u03c3\u03c4\u03bf \u03b5\u03af\u03bd\u03b1\u03b9 \u03b4\u03b5\u03bd "
     "\u03b1\u03c0\u03cc \u03bf\u03b9 \u03b8\u03b1 \u03c4\u03bf\u03bd \u03c3\u03c4\u03b7\u03bd"},
    {"arabic",
     "\u0641\u064a \u0645\u0646 \u0639\u0644\u0649 \u0625\u0644\u0649 \u0623\u0646 "
     "\u0647\u0630\u0627 \u0647\u0630\u0647 \u0627\u0644\u062a\u064a \u0627\u0644\u0630\u064a "
     "\u0645\u0627 \u0644\u0627 \u0647\u0648 \u0647\u064a \u0643\u0627\u0646 \u0639\u0646 "
     "\u0645\u0639 \u0643\u0644"},
}};

using Table = std::unordered_map<std::string_view, std::uint32_t>;

Table make_stopwords() {
  Table table;
  for (std::size_t language = 0; language < kRows.size(); ++language) {
    for (const std::string_view word : split(kRows.at(language).small_words, ' ')) {
      table[word] |= 1U << language;
    }
  }
  return table;
}

}  // namespace

std::string_view stemmer_name(Language language) {
  return kRows.at(static_cast<std::size_t>(language)).stemmer;
}

std::uint32_t languages_of(std::string_view word) {
  static const Table table = make_stopwords();  // constant after its first use
  const auto found = table.find(word);
  return found == table.end() ? 0 : found->second;
}

bool is_stop_word(Language language, std::string_view word) {
  return (languages_of(word) >> static_cast<unsigned>(language) & 1U) != 0;
}

}  // namespace cortex::retrieval
