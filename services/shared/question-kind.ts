export type QuestionKind =
  | "number"
  | "time"
  | "person"
  | "place"
  | "how-to"
  | "definition"
  | "reason"
  | "list"
  | "comparison"
  | "other";

/** A task in keywords, such as “change the port” or “清空数据”. */
const IMPERATIVE =
  /^(please )?(add|ask|back up|build|change|configure|connect|copy|crawl|create|delete|deploy|disable|edit|enable|export|find|get|import|install|keep|limit|list|make|measure|move|paste|open|rebuild|remove|rename|replace|reset|restore|revoke|rotate|run|schedule|see|send|set|show|skip|start|stop|stream|switch|test|turn|undo|update|upgrade|upload|use|verify|wipe)\b|^(全部)?(添加|新增|修改|更改|更换|配置|连接|复制|创建|新建|删除|删掉|清空|部署|关闭|开启|启用|导出|导入|安装|列出|移动|打开|改名|重命名|替换|重置|恢复|吊销|运行|设置|查看|启动|停止|切换|更新|升级|上传|备份)|^(换|改|接|连|加|删|关|开|跑|装|传|导|设|用|爬|找|让|把|给|只|弄)(?!.*[吗么嘛不没][？?。]?$)/i;

/** In order: the first that matches decides. */
const QUESTIONS: readonly (readonly [QuestionKind, RegExp])[] = [
  [
    "comparison",
    /\bdifferences? between\b|\bdiffers? from\b|\bhow (does|do|is|are) .+ (differ|different)\b|\b(versus|vs)\b|\bdistinguish|\bwhich is which\b|[和与跟同].+(区别|区分|差别|不同|差异|不一样|两样)|(区别|区分|差别|不同|差异|不一样).*[和与跟同]/i,
  ],
  [
    "number",
    /\bhow (many|much|long|large|big|far|high|tall|old|often|fast|deep|wide)\b|\bwhat (number|percent|percentage|fraction|amount|size|population)\b|\bwhat('s| is| are) the (maximum|minimum|biggest|largest|longest|highest|limit|size|number|age|height|length|port|default port)\b|\b(which|what) port\b|多少|几[个次种名位年天岁届条人座层]|第几|多[长大久高远快深宽]|最[多大长少]|上限|哪个端口|什么端口/i,
  ],
  [
    "time",
    /\b(when|what (year|date|day|month|century|time|decade|era))\b|何时|什么时候|哪[一]?[年天日月]|几月|何年|什么时间|什么年代|世纪/i,
  ],
  ["person", /\b(who|whom|whose)\b|谁|何人|哪位|哪一?[个]?人|什么人|叫什么名字/i],
  [
    "place",
    /\b(where|what (city|country|state|place|location|town|region))\b|哪里|哪儿|何地|何处|什么地方|哪个?(国家|城市|地方|省|市|县|地区)|位于/i,
  ],
  [
    "how-to",
    /^(how (do|can|to|should|would)\b|what (command|steps)\b|what are the steps\b|(walk|show|guide|teach|talk) (me|us)\b)|\bwhat (should|can|do|must|would) (i|we) (have to |need to )?(do|set|type|run|write|send|check|put|change|enter|use|try)\b|\b(how (do|can|should|could|would) (i|we|you)|how to)\b|(?<!会)(怎么(?!回事|回答)|怎样|如何|咋)|什么命令|教我|一步步|按什么步骤|(步骤|方法|办法|怎么弄|怎么办|咋办)[？?。]?$/i,
  ],
  ["how-to", /\b(code )?(example|sample|snippet)s?[?.]?$|(示例|例子|(?<!错误)代码)[？?。]?$/i],
  ["reason", /\bwhy\b|what (caused|is the reason)|为什么|为啥|为何|原因/i],
  ["how-to", IMPERATIVE],
  ["list", /\b(what|which) (are|([\w-]+ ){1,3}(are|do|can|were|does))\b|哪些|哪几/i],
  [
    "definition",
    /^(what('s| is| was)|define)\b|^what (does|do) .+ (mean|stand for)\b|meaning of|什么是|是什么|是指|指什么|什么意思|表示什么|含义|何谓/i,
  ],
];

const NUMBER_WORD =
  "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozen|hundred|thousand|million|billion|half|third|quarter|twice";
const ANSWERS: Partial<Record<QuestionKind, RegExp>> = {
  number: new RegExp(`\\d|\\b(${NUMBER_WORD})\\b|[一二三四五六七八九十百千万亿两半][\\u4e00-\\u9fff]`, "gi"),
  time: /\b\d{3,4}s?\b|\b(january|february|march|april|may|june|july|august|september|october|november|december|century|centuries|\d+ (am|pm)|monday|tuesday|wednesday|thursday|friday|saturday|sunday)\b|\d+\s*[年月日世时]|世纪|年代/gi,
  person: /(?<![.!?]\s|^)\b\p{Lu}\p{L}+|[\u4e00-\u9fff]{2,}(?=[（(]|为|是|担任|说)|·|由/gu,
  place:
    /\b(in|at|near|from|of|to|on) (the )?\p{Lu}\p{L}+|[\u4e00-\u9fff]+(国|省|市|县|区|州|镇|村|岛|山|河|路|街|城)|在|位于/gu,
  "how-to":
    /^(to|run|use|set|open|click|create|add|install|start|stop|write|choose|put|call|send)\b|[:：]$|`|^要|运行|设置|使用|可以|请|先/gi,
  reason:
    /\b(because|since|due to|so that|as a result|therefore|caused|in order to|reason)\b|因为|由于|因此|所以|为了|以便|原因|导致/gi,
};

const NEGATION = /\b(not|no|never|nothing|cannot|without|\w+n't)\b|不|没有|无法|未|无需/i;

export function questionKind(question: string): QuestionKind {
  return QUESTIONS.find(([, pattern]) => pattern.test(question.trim()))?.[0] ?? "other";
}

/** Whether the text has something of the kind asked for that the question does not already contain. */
export function hasAnswerOf(kind: QuestionKind, text: string, question: string): boolean {
  const pattern = ANSWERS[kind];
  if (!pattern) return false;
  const known = question.toLowerCase();
  for (const [found] of text.matchAll(pattern)) if (!known.includes(found.toLowerCase())) return true;
  return false;
}

/** A question that “no” would answer. */
const YES_OR_NO =
  /^(is|are|can|could|does|do|did|will|may|has|have|am|was|were|should)\b|吗|能不能|会不会|是不是|要不要|有没有|可不可以|能否|是否|能.+么/i;

export const isNegated = (text: string): boolean => NEGATION.test(text);

/** Whether a sentence denies something that the question neither denies nor asks for. */
export function denies(text: string, question: string): boolean {
  return isNegated(text) && !isNegated(question) && !YES_OR_NO.test(question.trim());
}
