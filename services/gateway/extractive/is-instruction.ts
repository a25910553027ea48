/** What documents say to a model and not to their readers. */
const TO_A_MODEL = [
  /\b(ignore|disregard|forget|override)\b.{0,40}\b(instructions?|prompts?|rules)\b/i,
  /\b(in|to|of|at the end of) your (answer|response|reply|output)\b/i,
  /\b(begin|start|end) (the|your|every|each) (answer|response|reply)\b/i,
  /\b(reply|respond|answer) (only|every question|all questions)\b/i,
  /\byou are now\b/i,
  /\bnew instructions? (of|from|for)\b/i,
  /\b(note|message|instructions?|attention)[ ,:]+(for|to)? ?(all |the )?(assistants?|ai|language models?|chatbots?|llms?)\b/i,
  /忽略.{0,8}(指令|指示|提示词|要求)/,
  /只(回答|回复|输出)["“「『]|一律只?(回答|回复|输出)/,
  /(回答|回复)(的?开头|的?结尾|末尾|里|中)?必须(写|包含|以)/,
  /(写给|致).{0,12}(助手|机器人|大?模型|AI)/i,
  /新指令[:：]|你现在(是|进入)/,
];

/**
 * Whether a sentence of a document tells whoever answers how to answer: an attack, or a note that is no answer. An
 * extractive model does nothing that it reads, but it must not hand on such words as if they answered.
 */
export function isInstruction(text: string): boolean {
  return TO_A_MODEL.some((pattern) => pattern.test(text));
}
