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
delete deletes remove removes erase discard rid purge 删除 删掉 删去 删 移除 去掉 清除
upload uploads add import 上传 传 导入 传上 添加
change modify edit adjust alter switch 修改 更改 改 改动 更换 变更 调整 换
configure setting set 设置 配置
update replace newer overwrite 更新 替换 新版 换成
create make generate new 创建 新建 生成 建立 建 新增
revoke invalidate withdraw 吊销 撤销 作废 注销
add extend 增加 添加 新增 扩展
start begin launch run boot 启动 开始 运行 开启 跑 启用
stop quit exit halt shutdown 停止 关闭 停 停机 退出 停掉 关机 关掉
enable activate turn 开启 启用 打开
difference differ different differs distinguish versus vs compare 区别 差别 不同 不一样 差异 分别
expiry expire expires expiration valid validity 有效期 过期 到期
license licence licensed 许可证 许可 授权 协议
key token 密钥 密匙 钥匙 key
folder directory 文件夹 目录
file document doc 文件 文档
port ports 端口 端口号
server servers 服务器
send sends sent 发送 发给 发
backup back 备份
restore recover 恢复 还原
health healthy alive status state 健康 正常 状态
see view show display check look find tell know 查看 看到 看 显示 查 知道
progress status state finished 进度 状态 处理完
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
commercial commercially business sell profit 商用 商业 卖 卖钱 赚钱 盈利
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
rename retitle title 改名 重命名 更名 标题
env environment variable variables var setting 环境变量 变量 设置
lan network intranet machine machines 局域网 内网
expose publish open reach access 暴露 开放
reject rejected refuse refused deny denied decline 拒绝 拒收
llm model 大模型 语言模型 模型
private privacy confidential 隐私 私密 保密
visible readable see read restrict 可见 看见 看到
finish finished done complete completed 完成 处理完 做完
type kind format sort 类型 种类 格式
spreadsheet sheet excel xlsx 电子表格
powerpoint ppt slide slides presentation 演示文稿 幻灯片
image picture photo 图片 照片 图像
wipe clear empty reset anew 清空 重置 重来
kubernetes k8s
postgres postgresql
javascript js
crash outage power 崩溃 断电 宕机
tokenize segment split cut 分词 切分 切开
prevent avoid protect against 防止 避免 保护
hidden invisible 隐藏 看不见
admin administrator 管理员
stream streaming live incremental 流式 实时 逐字
verify verified check 核对 验证 核验
origin provenance 来历 出处
login sso signin 登录 登陆 单点登录
monitor monitoring metric metrics 监控 指标
install installation setup deploy 安装 部署
wrong incorrect bad invalid 错 不对 错误
past earlier previous old former 历史 以前 过去 旧
url link address web 网址 链接 地址
fetch download crawl grab 抓取 下载 抓
mangled garbled 乱码
private personal own 个人 私人
database db 数据库
ask question query 问 提问 问题 询问
network internet online 网络 联网 上网
step steps procedure 步骤
restrict only 只让 限制
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

/** The segmenter cuts words that it does not know, such as 文档: segments that are `alone` side by side are one word. */
export function joinAlone(segments: readonly string[], isAlone: (segment: string) => boolean): string[] {
  const words: string[] = [];
  let open = false;
  for (const segment of segments) {
    const alone = isAlone(segment);
    if (alone && open) words.push(words.pop() + segment);
    else words.push(segment);
    open = alone;
  }
  return words;
}

/** The words of a run of Chinese characters. Those of the table stay whole where the general segmenter would cut them. */
export function segmentHan(run: string): string[] {
  return run
    .split(KNOWN_HAN)
    .flatMap((part, i) => (i % 2 === 1 ? [part] : [...segmenter.segment(part)].map(({ segment }) => segment)));
}
