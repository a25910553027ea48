import { tokenize } from "./tokenize.ts";

/**
 * Words that ask for the same thing, one group a line, in both languages. Only what users and writers of manuals
 * mix up in general; the words of one field belong into its documents.
 */
const GROUPS = `
biggest bigger largest larger greatest longest longer highest maximum max most limit limited exceed 最大 最多 最长 最高 上限 超过 限制
big large size 大小 多大
long length 多长 长度
mb megabyte megabytes 兆 兆字节
gb gigabyte gigabytes
second seconds 秒
page pages 页 页数 几页
character characters letters 字 字符 字数
delete deletes remove removes erase discard 删除 删掉 删去 删 移除 去掉
upload uploads add import 上传 传 导入 传上 添加
change modify edit adjust alter 修改 更改 改 改动 更换 变更 调整 换
configure setting set 设置 配置
update replace 更新 替换
create make generate new 创建 新建 生成 建立 建 新增
revoke invalidate withdraw 吊销 撤销 作废 注销
add extend 增加 添加 新增 扩展
start begin launch run boot 启动 开始 运行 开启 跑 启用
stop quit exit halt shutdown 停止 关闭 停 停机 退出 停掉
enable activate turn 开启 启用 打开
difference differ different differs distinguish versus vs compare 区别 差别 不同 不一样 差异 分别
expiry expire expires expiration valid validity 有效期 过期 到期
license licence licensed 许可证 许可 授权
key token 密钥 密匙 钥匙 key
folder directory 文件夹 目录
file document doc 文件 文档
port ports 端口 端口号
server servers 服务器
send sends sent 发送 发给 发
backup back 备份
restore recover 恢复 还原
health healthy alive status state 健康 正常 状态
see view show display check look find 查看 看到 看 显示 查
progress status state 进度 状态
reach reachable access 访问
computer machine host pc 电脑 机器 计算机 主机
mac macos macbook
interface ui page frontend 界面
web browser website 网页 浏览器 网站
interface api endpoint route 接口 api
retry retried attempt try tried 重试
fail fails failed failure down broken crash unavailable 失败 出错 坏 坏了 故障 挂 挂了 崩溃
error failure problem 错误 出错 问题
need require required requires necessary 需要 要求
support supported supports accept read 支持 接受
allow permit may permission 允许 权限 可以
store stored keep kept save saved persist 保存 存放 存储 存 放
commercial commercially business 商用 商业
feedback rate rating review 评价 评分 打分 反馈
search query look 检索 搜索 搜 查找 查询
chat conversation dialogue 聊天 对话 会话
meaning mean means 意思 含义 表示
purpose role function 作用 用途
gpu graphics 显卡 gpu
invent fabricate hallucinate 编造 瞎编 胡编 捏造
lost lose forgotten forget 丢失 丢 丢了 忘记 遗失
record log logged 记录 日志 记下
colleague other others 同事 其他
immediately instantly 立即 马上 立刻
upgrade 升级
answer reply response 回答 答案 回复
command terminal 命令 命令行 终端
group team 组 团队 部门
encoding charset 编码
scale scaling 扩缩 扩容 伸缩
`;

const HAN = /^\p{Script=Han}/u;
const others = new Map<string, Set<string>>();
for (const line of GROUPS.trim().split("\n")) {
  const terms = line.split(" ").map(termOf);
  for (const term of terms) {
    const known = others.get(term) ?? new Set<string>();
    for (const other of terms) if (other !== term) known.add(other);
    others.set(term, known);
  }
}

function termOf(word: string): string {
  return HAN.test(word) ? word : (tokenize(word)[0] ?? word);
}

const KNOWN_HAN = new RegExp(
  `(${[...others.keys()]
    .filter((term) => HAN.test(term) && term.length > 1)
    .sort((a, b) => b.length - a.length)
    .join("|")})`,
);
const segmenter = new Intl.Segmenter("zh", { granularity: "word" });

/** Index terms and Chinese words that mean much the same. `传上去` is understood by its verb. */
export function synonymsOf(term: string): readonly string[] {
  const known = others.get(term) ?? (HAN.test(term) ? others.get(term[0]!) : undefined);
  return known ? [...known] : [];
}

/** The words of a run of Chinese characters. Those of the table stay whole where the general segmenter would cut them. */
export function segmentHan(run: string): string[] {
  return run
    .split(KNOWN_HAN)
    .flatMap((part, i) => (i % 2 === 1 ? [part] : [...segmenter.segment(part)].map(({ segment }) => segment)));
}

/** Shorter words are one letter away from too many others; long ones may have two slips. */
const MIN_LETTERS = 5;
const TWO_SLIPS_FROM = 8;

/** The word of a vocabulary that a misspelt one was meant to be: one or two letters dropped, added, changed or swapped. */
export function meantBy(word: string, vocabulary: Iterable<string>): string | undefined {
  if (word.length < MIN_LETTERS || !/^[a-z]+$/.test(word)) return undefined;
  let best: string | undefined;
  let least = word.length >= TWO_SLIPS_FROM ? 3 : 2;
  for (const known of vocabulary) {
    if (known[0] !== word[0] || known.length < MIN_LETTERS - 1 || Math.abs(known.length - word.length) >= least)
      continue;
    const slips = distance(word, known);
    if (slips < least) [best, least] = [known, slips];
  }
  return best;
}

/** Optimal string alignment: Levenshtein's distance in which two neighbours that changed places count once. */
function distance(a: string, b: string): number {
  let earlier: number[] = [];
  let before = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let least = Math.min(before[j]! + 1, row[j - 1]! + 1, before[j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        least = Math.min(least, earlier[j - 2]! + 1);
      row.push(least);
    }
    earlier = before;
    before = row;
  }
  return before[b.length]!;
}
